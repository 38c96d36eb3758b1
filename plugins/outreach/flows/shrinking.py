"""A file much smaller than its source's last one is refused before anything changes."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.errors import Fault, InputError
from outreach.ledger import imports as ledger
from outreach.ledger.engine import reading
from outreach.records import ImportKind
from outreach.sources.reading import SourceFile

SHRINK_FROM = 20
"""A source whose last import had fewer rows may shrink freely."""


@dataclass(frozen=True, slots=True)
class Guard:
    """When a file is refused for being much smaller than its source's last one."""

    allow_shrink: bool = False
    least_share: float = 0.5


def refuse_shrunken(
    engine: sa.Engine, file: SourceFile, rows: int, source: str, kind: ImportKind, guard: Guard
) -> None:
    """Raise InputError where the file lost most of its rows, or a column, since the last one."""
    if guard.allow_shrink or not guard.least_share:
        return
    with reading(engine) as connection:
        last = ledger.last_taken(connection, source, kind)
        lost = ledger.columns_of(connection, source, kind) - {*file.plan.columns}
    if last is None:
        return
    said = ""
    if last.rows_read >= SHRINK_FROM and rows < last.rows_read * guard.least_share:
        said = (
            f"{rows} rows, and the last file from {source} had {last.rows_read}: it looks cut short"
        )
    elif lost:
        said = (
            f"the column for {', '.join(sorted(lost))} was in the last file from {source} and is "
            "missing"
        )
    if said:
        advice = "If that is right, import it again and allow it to shrink (--allow-shrink)"
        raise InputError(Fault(f"{said}. {advice}", file.table.path.name))
