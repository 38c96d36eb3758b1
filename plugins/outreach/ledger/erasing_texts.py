"""Addresses inside what is stored as it came: event bodies, and texts that people wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa

from outreach.addressform import spellings
from outreach.ledger.contacts import address_pattern, seen
from outreach.ledger.editions import audit, batch, campaign, edition, notice, raw_event
from outreach.ledger.people import import_

_PAGE = 200
ERASED = "(erased)"

TEXTS: tuple[tuple[sa.Table, str], ...] = (
    (audit, "detail"),
    (notice, "text"),
    (import_, "file_name"),
    (import_, "note"),
    (edition, "control_reason"),
    (campaign, "paused_reason"),
    (batch, "reason"),
)
"""Texts that a person or a provider wrote, which may name somebody."""


def texts_with(connection: sa.Connection, address: str) -> Iterator[tuple[sa.Table, str, int, str]]:
    """Yield (table, column, row's id, text) wherever a text names this address exactly."""
    exact = address_pattern(address)
    # Only candidates: what may be written in several ways is not for SQL to compare.
    part = address.lower() if len(spellings(address)) == 1 else "@"
    for table, name in TEXTS:
        column = table.c[name]
        found = connection.execute(
            sa.select(table.c.id, column).where(
                sa.func.lower(column).contains(part, autoescape=True)
            )
        ).all()
        yield from ((table, name, row[0], row[1]) for row in found if exact.search(seen(row[1])))


def erase_texts(connection: sa.Connection, address: str) -> int:
    """Write "(erased)" over an address in every such text; return how many texts named it."""
    exact = address_pattern(address)
    found = list(texts_with(connection, address))
    for table, name, number, text in found:
        connection.execute(
            sa.update(table).where(table.c.id == number).values({name: _without(text, exact)})
        )
    return len(found)


def _without(text: str, exact: re.Pattern[str]) -> str:
    """Return a text with "(erased)" over an address; letter by letter where it can be."""
    left = exact.sub(ERASED, text)
    return left if not exact.search(seen(left)) else exact.sub(ERASED, seen(left))


def raw_events_with(connection: sa.Connection, needle: re.Pattern[bytes]) -> Iterator[int]:
    """Yield the ids of stored event bodies in which the pattern is found, page by page."""
    last = 0
    while True:
        rows = connection.execute(
            sa.select(raw_event.c.id, raw_event.c.body)
            .where(raw_event.c.id > last, raw_event.c.body.is_not(None))
            .order_by(raw_event.c.id)
            .limit(_PAGE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield from (row.id for row in rows if needle.search(row.body))


def redact_raw_event(
    connection: sa.Connection, raw_id: int, needle: re.Pattern[bytes], instead: bytes
) -> None:
    """Write `instead` over the pattern in one stored event body."""
    body = connection.execute(
        sa.select(raw_event.c.body).where(raw_event.c.id == raw_id).with_for_update()
    ).scalar()
    if body:
        connection.execute(
            sa.update(raw_event)
            .where(raw_event.c.id == raw_id)
            .values(body=needle.sub(instead, body))
        )
