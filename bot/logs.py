"""Logs: ids and counts, never text. httpx would log addresses with the token in them; whatever slips through is masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
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
    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = masked(record.getMessage()), ()
        return True


def _mask_event(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = masked(value)
    return event


def _without_message(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the class of an exception and where it came from; its words may quote what somebody wrote."""
    if event.pop("exc_info", None):
        kind, _, trace = sys.exc_info()
        event["error"] = getattr(kind, "__name__", "")
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            event["where"] = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    return event


def configure() -> None:
    """One line per event on standard error, for people at a terminal and as JSON elsewhere."""
    handler = logging.StreamHandler()
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
