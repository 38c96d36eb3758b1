"""Rows that were set aside: which are still open, and which import took them once mended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.errors import NotFound
from outreach.ledger.columns import chunks
from outreach.ledger.engine import reading
from outreach.ledger.people import import_, quarantined_row
from outreach.ledger.people_merge import ERASED

_PAGE = 1_000

Origin = tuple[int, int]
"""Which import set a row aside, and the row's number in that import's file."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How an import read its file: what a mended sheet of its rows is read by again."""

    source: str
    kind: str
    how: Mapping[str, Any]


def still_open() -> sa.ColumnElement[bool]:
    """Return SQL: a `quarantined_row` that somebody may still mend; an erased one is empty."""
    q = quarantined_row.c
    return sa.and_(q.mended_by.is_(None), q.reason != ERASED)


def open_rows(engine: sa.Engine, import_id: int) -> Iterator[sa.Row[Any]]:
    """Yield an import's open rows in the order of its file, in short reads."""
    q = quarantined_row.c
    names = ("id", "import_id", "row_number", "column_name", "reason", "advice", "row")
    query = sa.select(*(q[name] for name in names)).where(q.import_id == import_id, still_open())
    last = (0, 0)
    while True:
        place = sa.tuple_(q.row_number, q.id) > sa.tuple_(*map(sa.literal, last))
        with reading(engine) as connection:
            found = query.where(place).order_by(q.row_number, q.id).limit(_PAGE)
            rows = connection.execute(found).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = (rows[-1].row_number, rows[-1].id)


def open_counts(connection: sa.Connection, imports: Collection[int]) -> dict[int, int]:
    """Return how many rows of each of these imports are still open."""
    q = quarantined_row.c
    query = (
        sa.select(q.import_id, sa.func.count())
        .where(q.import_id.in_(imports), still_open())
        .group_by(q.import_id)
    )
    return {number: int(rows) for number, rows in connection.execute(query)}


def how_taken(connection: sa.Connection, import_id: int) -> Taken:
    """Return how an import read its file. Raises NotFound."""
    row = connection.execute(
        sa.select(import_.c.source, import_.c.kind, import_.c.how).where(import_.c.id == import_id)
    ).first()
    if row is None:
        raise NotFound(f"There is no import {import_id}.")
    return Taken(row.source, row.kind, row.how or {})


def ways_taken(connection: sa.Connection, imports: Sequence[int]) -> list[Taken]:
    """Return each way in which one of these imports read its file, once."""
    ways: list[Taken] = []
    for some in chunks(imports):
        query = sa.select(import_.c.source, import_.c.kind, import_.c.how).where(
            import_.c.id.in_(some)
        )
        for row in connection.execute(query):
            way = Taken(row.source, row.kind, row.how or {})
            if way not in ways:
                ways.append(way)
    return ways


def keep_how(
    connection: sa.Connection, import_id: int, how: Mapping[str, Any], corrects: int | None
) -> None:
    """Remember how an import read its file, and which import's rows it mends."""
    connection.execute(
        sa.update(import_).where(import_.c.id == import_id).values(how=how, corrects_id=corrects)
    )


def set_aside(connection: sa.Connection, import_id: int) -> set[int]:
    """Return the numbers of the rows that an import set aside."""
    q = quarantined_row.c
    return set(
        connection.execute(sa.select(q.row_number).where(q.import_id == import_id)).scalars()
    )


def mark_mended(
    connection: sa.Connection, origins: Collection[Origin], by_import: int
) -> list[Mapping[str, Any]]:
    """Note that these rows were taken by an import, if they were open; return them, whole."""
    q = quarantined_row.c
    found: list[Mapping[str, Any]] = []
    for number in sorted({import_id for import_id, _ in origins}):
        rows = sorted(row for import_id, row in origins if import_id == number)
        for some in chunks(rows):
            these = sa.and_(q.import_id == number, q.row_number.in_(some), q.mended_by.is_(None))
            found += connection.execute(sa.select(q.row).where(these)).scalars()
            connection.execute(sa.update(quarantined_row).where(these).values(mended_by=by_import))
    return found


def set_aside_again(
    connection: sa.Connection, imports: Collection[int]
) -> Sequence[sa.Row[int, int, Any]]:
    """Return the open rows of the sheets that were to mend these imports."""
    q = quarantined_row.c
    query = (
        sa.select(q.import_id, q.row_number, q.row)
        .join(import_, import_.c.id == q.import_id)
        .where(import_.c.corrects_id.in_(imports), q.mended_by.is_(None))
    )
    return connection.execute(query).all()
