"""What people read about contacts and imports: totals, and rows that need mending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.errors import NotFound
from outreach.ledger.mailable import not_mailable
from outreach.ledger.mending import still_open
from outreach.ledger.people import (
    contact,
    import_,
    organisation,
    organisation_match,
    pledge,
    quarantined_row,
)
from outreach.ledger.placing import ICS_AREA, SECTOR
from outreach.records import ImportState


@dataclass(frozen=True, slots=True)
class ContactGroup:
    """How many contacts share a sector, an area and a reason not to be written to ('' = none)."""

    sector: str
    ics_area: str
    reason: str
    people: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import with its counts of rows. `rows_total` is 0 where it was never counted."""

    id: int
    source: str
    kind: str
    file_name: str
    by: str
    via: str
    corrects_id: int | None
    state: str
    note: str
    started_at: datetime
    finished_at: datetime | None
    rows_total: int
    rows_read: int
    accepted: int
    created: int
    changed: int
    unchanged: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row that was set aside, whole, with what is wrong and what to do."""

    row_number: int
    column_name: str
    reason: str
    advice: str
    row: Any
    mended_by: int | None


def contact_groups(
    connection: sa.Connection, purpose: Purpose | None = None
) -> tuple[ContactGroup, ...]:
    """Return every contact counted once, by sector, area and why not mailable for `purpose`."""
    each = (
        sa.select(
            SECTOR.label("sector"),
            ICS_AREA.label("ics_area"),
            not_mailable(purpose).label("reason"),
        )
        .select_from(contact.outerjoin(organisation))
        .subquery()
    )
    keys = (each.c.sector, each.c.ics_area, each.c.reason)
    query = sa.select(*keys, sa.func.count()).group_by(*keys).order_by(*keys)
    return tuple(ContactGroup(*row) for row in connection.execute(query))


def contact_count(connection: sa.Connection) -> int:
    """Return how many contacts there are who have not been erased."""
    query = sa.select(sa.func.count()).where(contact.c.erased_at.is_(None))
    return int(connection.execute(query).scalar_one())


def pledged_contacts(connection: sa.Connection) -> int:
    """Return how many contacts have a pledge that stands."""
    query = sa.select(sa.func.count(pledge.c.contact_id.distinct())).where(
        pledge.c.withdrawn_at.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def doubtful_matches(connection: sa.Connection) -> int:
    """Return how many names of organisations wait for a person to say which one is meant."""
    query = sa.select(sa.func.count()).where(organisation_match.c.state == "doubtful")
    return int(connection.execute(query).scalar_one())


def imports(
    connection: sa.Connection,
    *,
    limit: int,
    offset: int = 0,
    with_quarantine: bool = False,
    refused: bool = False,
    since: datetime | None = None,
) -> tuple[ImportRow, ...]:
    """Return imports, newest first. If asked, only those with rows that are still open (a sheet
    of mended rows counts where its rows come from), only refused ones, only those begun from
    `since` on."""
    query = _imports().order_by(import_.c.id.desc()).limit(limit).offset(offset)
    if with_quarantine:
        rows = sa.exists().where(quarantined_row.c.import_id == import_.c.id, still_open())
        query = query.where(
            import_.c.quarantined > 0, import_.c.corrects_id.is_(None), rows.correlate(import_)
        )
    if refused:
        query = query.where(import_.c.state == ImportState.REFUSED.value)
    if since is not None:
        query = query.where(import_.c.started_at >= since)
    return tuple(ImportRow(**row) for row in _mappings(connection, query))


def import_count(connection: sa.Connection) -> int:
    """Return how many imports there have been."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(import_)).scalar_one())


def import_numbered(connection: sa.Connection, number: int) -> ImportRow:
    """Return one import. Raises NotFound."""
    for row in _mappings(connection, _imports().where(import_.c.id == number)):
        return ImportRow(**row)
    raise NotFound(f"There is no import {number}.")


def quarantined(
    connection: sa.Connection, import_id: int, *, limit: int, offset: int = 0
) -> tuple[QuarantinedRow, ...]:
    """Return an import's quarantined rows in the order of its file."""
    names = QuarantinedRow.__dataclass_fields__
    query = (
        sa.select(*(quarantined_row.c[name] for name in names))
        .where(quarantined_row.c.import_id == import_id)
        .order_by(quarantined_row.c.row_number, quarantined_row.c.id)
        .limit(limit)
        .offset(offset)
    )
    return tuple(QuarantinedRow(**row) for row in _mappings(connection, query))


def quarantine_reasons(connection: sa.Connection, import_id: int) -> tuple[tuple[str, int], ...]:
    """Return (reason, rows) of an import's quarantined rows, the most frequent first."""
    rows = sa.func.count()
    query = (
        sa.select(quarantined_row.c.reason, rows)
        .where(quarantined_row.c.import_id == import_id)
        .group_by(quarantined_row.c.reason)
        .order_by(rows.desc(), quarantined_row.c.reason)
    )
    return tuple((word, number) for word, number in connection.execute(query))


def _imports() -> sa.Select[Any]:
    return sa.select(*(import_.c[name] for name in ImportRow.__dataclass_fields__))


def _mappings(connection: sa.Connection, query: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]
