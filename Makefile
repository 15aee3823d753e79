# Two commands matter: `make demo` and `make test`. Everything else is for people who work on the program.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8080

.PHONY: demo test lint bench simulate model dictionary figures kill machines mutants stories screenshots lock clean

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.run
	$(BIN)/dangxiaoqi demo --host $(HOST) --port $(PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "not slow" $(PYTEST)

kill: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow -p no:randomly tests/kill $(PYTEST)

mutants: $(VENV)/.dev
	$(BIN)/python -m tests.mutants

machines: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m slow tests/machine $(PYTEST)

stories: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 tests/test_stories.py $(PYTEST)

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.web.screenshot

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

model: $(VENV)/.dev
	$(BIN)/python -m bot.triage.building

dictionary: $(VENV)/.dev
	$(BIN)/python -m texts.dictionary

figures: $(VENV)/.dev
	$(BIN)/dangxiaoqi triage eval --markdown > docs/分拣效果.md

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

simulate: $(VENV)/.dev
	$(BIN)/python -m tests.simulate $(SIMULATE)

lock: $(VENV)/.dev
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml -o requirements.lock
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) data
