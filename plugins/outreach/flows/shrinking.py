"""A file that looks wrong beside its source's last one is refused before anything changes.

It shrank, lost a column, or is stale; each has its own way on for a person who knows better.
(A file that was taken before is known by its content: see intake.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.errors import Fault, InputError
from outreach.ledger import imports as ledger
from outreach.ledger.engine import reading
from outreach.records import ImportKind
from outreach.sources.reading import SourceFile

WAY_ON = ". If that is right, import it again and "
"""What parts why a file was stopped from how it is taken all the same at a terminal."""

_ALLOWED = re.compile(r"\(--allow-(shrink|lost-column|stale)\)$")

SHRINK_FROM = 20
"""A source whose last import had fewer rows may shrink freely."""


@dataclass(frozen=True, slots=True)
class Guard:
    """When a file is refused for what it is beside its source's last one.

    `least_share` of the last one's rows must be there; 0 switches it off. `compare_columns`: a
    column that the last one had must be there. `stale_after_days`: how long ago the file may
    have been changed last; None: any time. `allow_...` is a person's word for this once.
    """

    allow_shrink: bool = False
    least_share: float = 0.5
    allow_lost_column: bool = False
    compare_columns: bool = True
    allow_stale: bool = False
    stale_after_days: int | None = None


def refuse_shrunken(
    engine: sa.Engine, file: SourceFile, rows: int, source: str, kind: ImportKind, guard: Guard
) -> None:
    """Raise InputError where the file is stale, lost most of its rows, or lost a column."""
    name = file.table.path.name
    said = _stale(file, guard)
    if said:
        raise InputError(Fault(_with_way_on(said, "take it although it is stale", "stale"), name))
    with reading(engine) as connection:
        last = ledger.last_taken(connection, source, kind)
        lost = ledger.columns_of(connection, source, kind) - {*file.plan.columns}
    if last is None:
        return
    if _shrank(rows, last.rows_read, guard):
        said = (
            f"{rows} rows, and the last file from {source} had {last.rows_read}: it looks cut short"
        )
        raise InputError(Fault(_with_way_on(said, "allow it to shrink", "shrink"), name))
    if lost and guard.compare_columns and not guard.allow_lost_column:
        columns = ", ".join(sorted(lost)).replace("_", " ")
        said = f"the column for {columns} was in the last file from {source} and is missing"
        raise InputError(Fault(_with_way_on(said, "let the column go", "lost-column"), name))


def stopped_by(said: str) -> str:
    """Return what stopped a file, by what it was refused with: "shrink", "lost-column" or
    "stale"; '' where it was something that nobody may let pass."""
    found = _ALLOWED.search(said)
    return found[1] if found else ""


def _with_way_on(said: str, what: str, option: str) -> str:
    return f"{said}{WAY_ON}{what} (--allow-{option})"


def _shrank(rows: int, before: int, guard: Guard) -> bool:
    if guard.allow_shrink or before < SHRINK_FROM:
        return False
    return rows < before * guard.least_share


def _stale(file: SourceFile, guard: Guard) -> str:
    if guard.stale_after_days is None or guard.allow_stale:
        return ""
    changed = datetime.fromtimestamp(file.table.path.stat().st_mtime, UTC)
    if datetime.now(UTC) - changed <= timedelta(days=guard.stale_after_days):
        return ""
    day = f"{changed.astimezone(LONDON):%-d %B %Y}"
    return f"last changed on {day}, more than {guard.stale_after_days} days ago: it looks stale"
