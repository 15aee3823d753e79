"""The log of the tests looks like the program's: without tracebacks, whose drawing takes seconds."""

from collections.abc import Iterator

import pytest
import structlog

from bot import logs


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """One line per event, errors by their class."""
    structlog.configure(processors=[logs._without_message, logs._mask_event, structlog.processors.JSONRenderer()])
    yield
    structlog.reset_defaults()
