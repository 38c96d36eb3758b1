"""What is kept of an import, rows or files, holds nothing of a person who was erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from outreach.errors import InputError
from outreach.flows.kept_files import keep_without
from outreach.keys import Keys
from outreach.ledger.engine import reading
from outreach.ledger.people_known import anybody_erased, erased_among
from outreach.ledger.people_merge import ERASED, ERASED_ADVICE
from outreach.records import Quarantined
from outreach.sources.addresses import addresses_in
from outreach.sources.tables import Table, examine

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_AT_ONCE = 300


def without_erased(
    connection: sa.Connection, keys: Keys, rows: Sequence[Quarantined]
) -> list[Quarantined]:
    """Return the rows; of one that names an erased person only its number and why are left."""
    if not rows:
        return []
    named = [_hashes(keys, (*row.row.keys(), *row.row.values())) for row in rows]
    erased = erased_among(connection, set().union(*named))
    return [
        Quarantined(row.row_number, "", ERASED, ERASED_ADVICE, {}) if hashes & erased else row
        for row, hashes in zip(rows, named, strict=True)
    ]


def forget_in_file(ws: Workspace, path: Path) -> None:
    """Take the rows of erased people out of a file that is kept after it was looked at.

    One that cannot be read stays as it is; erasing somebody looks into it.
    """
    with reading(ws.engine) as connection:
        if not anybody_erased(connection):
            return
    with suppress(InputError):
        table = examine(path)
        theirs = _erased_in(ws, table)
        if theirs:
            keep_without(path, table, theirs)


def _erased_in(ws: Workspace, table: Table) -> set[int]:
    rows, theirs = table.rows(), set()
    while some := list(islice(rows, _AT_ONCE)):
        named = {row.number: _hashes(ws.keys, row.cells) for row in some}
        with reading(ws.engine) as connection:
            erased = erased_among(connection, set().union(*named.values()))
        theirs |= {number for number, hashes in named.items() if hashes & erased}
    return theirs


def _hashes(keys: Keys, cells: Iterable[str]) -> set[bytes]:
    return {keys.address_hash(found) for cell in cells for found in addresses_in(cell)}
