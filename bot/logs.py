"""Logs: ids and counts, never text. httpx would log addresses with the token in them; whatever slips through is masked."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog
from typing_extensions import override

from domain.screen import screened

_TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")
_LOUD = ("httpx", "httpcore", "telegram", "uvicorn.access", "apscheduler", "jieba", "alembic", "multipart")


def masked(text: str) -> str:
    """Without bot tokens, phone and identity numbers."""
    return screened(_TOKEN.sub("<token>", text))


class _Masking(logging.Filter):
    """On every record of a library: numbers masked, and of an exception no word, because it may quote what somebody wrote."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(type(a).__name__ if isinstance(a, BaseException) else a for a in record.args)
        try:
            said = record.getMessage()
        except (
            Exception
        ):  # the library's own fault in its format; logging must not fail for it, nor print the arguments
            said = str(record.msg)
        if isinstance(record.exc_info, tuple) and (error := record.exc_info[1]) is not None:
            said = f"{said.replace(str(error) or 'None', '')} {type(error).__name__} {_where(error.__traceback__)}"
        record.msg, record.args = masked(said), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class _Lines(logging.Handler):
    """A line on standard error, looked up each time: tests and services exchange it. A log that is gone stops nothing."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except (OSError, ValueError):  # the standard handler would print the error that is being handled, words and all
            return


def _where(trace: TracebackType | None) -> str:
    """Where an exception came from: the innermost function and its line."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"


def _mask_event(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = masked(value)
        elif value is not None and not isinstance(value, bool | int | float):
            event[key] = type(
                value
            ).__name__  # an exception, a row: whatever it is, its words are nobody's business here
    return event


def _without_message(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the class of an exception and where it came from; its words may quote what somebody wrote."""
    if given := event.pop("exc_info", None):
        error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exception()
        event["error"] = type(error).__name__
        event["where"] = _where(error.__traceback__ if error is not None else None)
    event.pop("stack_info", None)
    return event


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A bug ends the program: the places it passed, and of it only its name."""
    sys.stderr.write("".join(traceback.format_tb(trace)) + kind.__name__ + "\n")


def configure() -> None:
    """One line per event on standard error, for people at a terminal and as JSON elsewhere."""
    sys.excepthook = _last_words
    handler = _Lines()
    handler.addFilter(_Masking())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True, format="%(levelname)s %(name)s %(message)s")
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    renderer = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _without_message,
            _mask_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(
            sys.stderr
        ),  # looked up each time: tests and services exchange it
    )
