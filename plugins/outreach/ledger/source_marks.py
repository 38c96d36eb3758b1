"""How far each source was pulled: what is known of the things at its place, and its cursor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.editions import fact
from outreach.ledger.facts import set_fact
from outreach.ledger.people import import_


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one source was pulled.

    `marks`: a thing's key at its place -> the mark it had when it was taken. `cursors`: key ->
    where to go on. Both hold for one way of reading (`how`) alone.
    """

    how: str
    marks: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)


def progress_of(connection: sa.Connection, source: str, how: str) -> Progress:
    """Return how far `source` was pulled; nothing where it was read in another way."""
    kept = connection.execute(sa.select(fact.c.value).where(fact.c.name == _name(source))).scalar()
    said = json.loads(kept) if kept else {}
    if said.get("how") != how:
        return Progress(how)
    return Progress(how, said.get("marks", {}), said.get("cursors", {}))


def keep_progress(
    connection: sa.Connection, source: str, progress: Progress, now: datetime
) -> None:
    """Remember how far `source` was pulled."""
    said = {
        "how": progress.how,
        "marks": dict(progress.marks),
        "cursors": dict(progress.cursors),
    }
    set_fact(connection, _name(source), json.dumps(said, sort_keys=True), now)


@dataclass(frozen=True, slots=True)
class LastImport:
    """The newest import of a source, in counts, and its note where it was refused."""

    id: int
    state: str
    file_name: str
    note: str
    at: datetime
    rows_read: int
    created: int
    changed: int
    quarantined: int


def last_import(connection: sa.Connection, source: str) -> LastImport | None:
    """Return the newest import of a source, or of any file of a drop folder of that name."""
    columns = (
        *(import_.c.id, import_.c.state, import_.c.file_name, import_.c.note),
        sa.func.coalesce(
            import_.c.finished_at, import_.c.started_at, type_=import_.c.started_at.type
        ),
        *(import_.c.rows_read, import_.c.created, import_.c.changed, import_.c.quarantined),
    )
    row = connection.execute(
        sa.select(*columns)
        .where(sa.or_(import_.c.source == source, import_.c.source.like(f"{source}/%")))
        .order_by(import_.c.id.desc())
        .limit(1)
    ).first()
    return LastImport(*row) if row else None


def _name(source: str) -> str:
    return f"source pulled: {source}"
