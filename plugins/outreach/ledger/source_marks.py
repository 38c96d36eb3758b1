"""How far each source was pulled: what is known of the things at its place, and its cursor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.editions import fact
from outreach.ledger.facts import set_fact


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


def _name(source: str) -> str:
    return f"source pulled: {source}"
