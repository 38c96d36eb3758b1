"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC; a naive datetime is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to UTC before storing. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; say UTC or Europe/London")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Integer key that SQLite still treats as its rowid."""


def key() -> sa.Column[int]:
    """Return a surrogate primary key column called `id`."""
    return sa.Column("id", BigId, primary_key=True, autoincrement=True)


def ref(name: str, target: str, **kwargs: Any) -> sa.Column[int]:
    """Return a foreign key column `name` to `target` ("table.column")."""
    return sa.Column(name, BigId, sa.ForeignKey(target), **kwargs)


def text(name: str, **kwargs: Any) -> sa.Column[str]:
    """Return a text column that is never null: empty means "not known"."""
    kwargs.setdefault("server_default", "")
    return sa.Column(name, sa.Text, nullable=False, **kwargs)


def when(name: str, **kwargs: Any) -> sa.Column[datetime]:
    """Return a column for an instant (UTC)."""
    return sa.Column(name, UTCDateTime, **kwargs)


def count(name: str) -> sa.Column[int]:
    """Return a column for a number of things, zero to begin with."""
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def flag(name: str) -> sa.Column[bool]:
    """Return a yes/no column, no to begin with."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def chunks(items: Sequence[T], size: int = 500) -> list[Sequence[T]]:
    """Cut `items` into runs of at most `size`: SQLite limits the variables of a statement."""
    return [items[i : i + size] for i in range(0, len(items), size)]
