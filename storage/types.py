"""Column types that mean the same on both engines and fit SQLite's STRICT tables."""

import json
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Time(TypeDecorator[datetime]):
    """An aware instant, kept as UTC text of fixed length: sorts as it reads, the same on both engines."""

    impl = sa.Text
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse naive times: a time without a zone is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Back to an aware UTC time."""
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A local date of the grid, as ISO text."""

    impl = sa.Text
    cache_ok = True

    @override
    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """ISO text."""
        return None if value is None else value.isoformat()

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """Back to a date."""
        return None if value is None else date.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """Yes or no as 1 or 0 (STRICT tables have no boolean)."""

    impl = sa.Integer
    cache_ok = True

    @override
    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """1 or 0."""
        return None if value is None else int(value)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """Back to a boolean."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """A small structure as JSON text."""

    impl = sa.Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Compact JSON, Chinese left readable."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Back to Python."""
        return None if value is None else json.loads(value)


YES = sa.literal(value=True, type_=Flag())
"""“Yes” in a condition, the same on both engines."""
