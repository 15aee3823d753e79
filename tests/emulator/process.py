"""The emulator in another process, held from a test: for kill tests in which the emulator must outlive everything else."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.emulator.core import TOKEN

ROOT = Path(__file__).parents[2]  # where `-m tests.emulator` is found


class EmulatorProcess:
    """``async with EmulatorProcess() as em: wang = (await em.do("user", {"name": "王阿姨"}))["id"]``.

    ``do`` posts to a control endpoint, ``ask`` reads one (see ``control.py``).
    """

    def __init__(self, port: int = 0, token: str = TOKEN) -> None:
        self.token = token
        self._command = [sys.executable, "-m", "tests.emulator", "--port", str(port), "--token", token]
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)
        self.origin = self.base_url = self.base_file_url = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        where = json.loads(await self._process.stdout.readline())
        self.origin, self.base_url, self.base_file_url = where["origin"], where["base_url"], where["base_file_url"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            await self._process.wait()

    @property
    def returncode(self) -> int | None:
        """How the process ended; None while it runs."""
        return self._process.returncode if self._process is not None else None

    async def do(self, what: str, body: object = None) -> Any:
        """``do("says", [{"user": wang, "chat": group, "text": "3栋电梯坏了"}])``."""
        answer = await self._http.post(f"{self.origin}/_control/{what}", json=body)
        assert answer.status_code == 200, f"{what}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    async def ask(self, what: str, **params: str | int) -> Any:
        """``ask("journal", method="sendMessage")``, ``ask(f"messages/{group}")``, ``ask("state")``."""
        answer = await self._http.get(f"{self.origin}/_control/{what}", params=params)
        assert answer.status_code == 200, f"{what}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    async def call(self, method: str, **params: object) -> Any:
        """A Bot API call, as the program would make it."""
        return (await self._http.post(f"{self.base_url}{self.token}/{method}", json=params)).json()
