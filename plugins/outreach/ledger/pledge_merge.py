"""Write the pledges that an import's rows tell of: one per address and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from outreach.ledger import pledges
from outreach.ledger.bulk import insert_columns, moment_of, select_among, stored
from outreach.ledger.people import pledge
from outreach.records import PersonRow

if TYPE_CHECKING:
    from outreach.ledger.people_merge import Merge

_Made = tuple[bytes, datetime]


def write_pledges(
    connection: sa.Connection,
    rows: Sequence[PersonRow],
    contacts: Mapping[bytes, int],
    merge: Merge,
) -> tuple[int, set[int]]:
    """Insert the pledges that are not there yet, and end those that rows say were taken back.

    Returns how many are new, and the numbers of the rows that changed something.
    """
    hashes = list({row[0] for row in rows})
    known = _known(connection, hashes)
    before = Counter(address_hash for address_hash, _ in known)
    new: list[tuple[PersonRow, datetime]] = []
    ends: dict[_Made, datetime] = {}
    numbers: dict[_Made, int] = {}
    for row in rows:
        assert row[5] is not None
        made = row[0], datetime.fromisoformat(row[5][0])
        if made not in known:
            known.add(made)
            new.append((row, made[1]))
        elif row[5][2]:
            ends[made] = datetime.fromisoformat(row[5][2])
            numbers.setdefault(made, row[1])
    ended = pledges.withdraw_rows(connection, ends, merge.source)
    _insert(connection, new, contacts, merge)
    now = before + Counter(row[0] for row, _ in new)
    touched = {row[0] for row, _ in new} | {address_hash for address_hash, _ in ended}
    pledges.mark_renewals(connection, {h for h in touched if now[h] > 1})
    return len(new), {row[1] for row, _ in new} | {numbers[made] for made in ended}


def _known(connection: sa.Connection, hashes: Sequence[bytes]) -> set[_Made]:
    rows = select_among(
        connection, "SELECT address_hash, pledged_at FROM pledge WHERE address_hash", hashes
    )
    found: set[_Made] = set()
    for row in rows:
        moment = moment_of(row.pledged_at)
        assert moment is not None
        found.add((bytes(row.address_hash), moment))
    return found


def _insert(
    connection: sa.Connection,
    new: Sequence[tuple[PersonRow, datetime]],
    contacts: Mapping[bytes, int],
    merge: Merge,
) -> None:
    facts = [row[5] or ("", "", "") for row, _ in new]
    ends = [datetime.fromisoformat(one[2]) if one[2] else None for one in facts]
    columns: dict[str, Sequence[Any]] = {
        "contact_id": [contacts[row[0]] for row, _ in new],
        "address_hash": [row[0] for row, _ in new],
        "pledged_at": [stored(connection, at) for _, at in new],
        "kind": [one[1] for one in facts],
        "source": [merge.source] * len(new),
        "import_id": [merge.import_id] * len(new),
        "recorded_at": [stored(connection, merge.now)] * len(new),
        "withdrawn_at": [stored(connection, end) for end in ends],
        "withdrawn_by": [merge.source if end else "" for end in ends],
        "withdrawn_reason": ["import" if end else "" for end in ends],
    }
    insert_columns(connection, pledge, columns, len(new))
