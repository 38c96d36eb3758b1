"""What is set aside of an import holds nothing of a person who was erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger.people_merge import ERASED, ERASED_ADVICE, erased_among
from outreach.records import Quarantined
from outreach.sources.addresses import addresses_in


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


def _hashes(keys: Keys, cells: Iterable[str]) -> set[bytes]:
    return {keys.address_hash(found) for cell in cells for found in addresses_in(cell)}
