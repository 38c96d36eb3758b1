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
from outreach.ledger.pledges import PledgeWithdrawal
from outreach.records import PersonRow

if TYPE_CHECKING:
    from outreach.ledger.people_merge import Merge

_Made = tuple[bytes, datetime]

_BY_IMPORT = "import"
"""The reason of a withdrawal that a row told of: it ends that pledge alone."""


def write_pledges(
    connection: sa.Connection,
    rows: Sequence[PersonRow],
    contacts: Mapping[bytes, int],
    merge: Merge,
) -> tuple[int, set[int]]:
    """Insert the pledges that are not there yet, and end those that rows say were taken back.
    One made for the organisation counts so, though another row says a person alone made it.

    Returns how many are new, and the numbers of the rows that changed something.
    """
    hashes = list({row[0] for row in rows})
    known, taken_back = _known(connection, hashes)
    before = Counter(address_hash for address_hash, _ in known)
    new: list[tuple[PersonRow, datetime]] = []
    ends: dict[_Made, datetime] = {}
    numbers: dict[_Made, int] = {}
    wholes: dict[_Made, int] = {}
    for row in rows:
        assert row[5] is not None
        made = row[0], datetime.fromisoformat(row[5][0])
        if made not in known:
            known[made] = row[5][1]
            new.append((row, made[1]))
            continue
        if row[5][2]:
            ends[made] = datetime.fromisoformat(row[5][2])
            numbers.setdefault(made, row[1])
        if row[5][1] == pledges.WHOLE != known[made]:
            known[made], wholes[made] = pledges.WHOLE, row[1]
    # First: what is taken back, or widened, may have come in with this very file.
    _insert(connection, new, contacts, merge, taken_back)
    ended = pledges.withdraw_rows(connection, ends, merge.source)
    pledges.widen(connection, wholes)
    now = before + Counter(row[0] for row, _ in new)
    touched = {row[0] for row, _ in new} | {address_hash for address_hash, _ in ended}
    pledges.mark_renewals(connection, {h for h in touched if now[h] > 1})
    changed = {numbers[made] for made in ended} | {*wholes.values()}
    return len(new), {row[1] for row, _ in new} | changed


def _known(
    connection: sa.Connection, hashes: Sequence[bytes]
) -> tuple[dict[_Made, str], dict[bytes, PledgeWithdrawal]]:
    """Return the pledges that are there, each with its kind, and of whom a person withdrew all,
    when last."""
    rows = select_among(
        connection,
        "SELECT address_hash, pledged_at, kind, withdrawn_at, withdrawn_by, withdrawn_reason "
        "FROM pledge WHERE address_hash",
        hashes,
    )
    found: dict[_Made, str] = {}
    taken_back: dict[bytes, PledgeWithdrawal] = {}
    for row in rows:
        whose, moment = bytes(row.address_hash), moment_of(row.pledged_at)
        assert moment is not None
        found[whose, moment] = row.kind
        ended = moment_of(row.withdrawn_at)
        if ended and row.withdrawn_reason != _BY_IMPORT:
            last = taken_back.get(whose)
            if last is None or last.at < ended:
                taken_back[whose] = PledgeWithdrawal(row.withdrawn_by, row.withdrawn_reason, ended)
    return found, taken_back


def _ends(
    new: Sequence[tuple[PersonRow, datetime]],
    taken_back: Mapping[bytes, PledgeWithdrawal],
    source: str,
) -> list[PledgeWithdrawal | None]:
    """Return how each new pledge ended: by its row, or by the person who withdrew all that were
    made until then, though this list came later."""
    ends: list[PledgeWithdrawal | None] = []
    for row, made in new:
        said, last = (row[5] or ("", "", ""))[2], taken_back.get(row[0])
        if said:
            ends.append(PledgeWithdrawal(source, _BY_IMPORT, datetime.fromisoformat(said)))
        else:
            ends.append(last if last and made <= last.at else None)
    return ends


def _insert(
    connection: sa.Connection,
    new: Sequence[tuple[PersonRow, datetime]],
    contacts: Mapping[bytes, int],
    merge: Merge,
    taken_back: Mapping[bytes, PledgeWithdrawal],
) -> None:
    ends = _ends(new, taken_back, merge.source)
    columns: dict[str, Sequence[Any]] = {
        "contact_id": [contacts[row[0]] for row, _ in new],
        "address_hash": [row[0] for row, _ in new],
        "pledged_at": [stored(connection, at) for _, at in new],
        "kind": [(row[5] or ("", "", ""))[1] for row, _ in new],
        "source": [merge.source] * len(new),
        "import_id": [merge.import_id] * len(new),
        "recorded_at": [stored(connection, merge.now)] * len(new),
        "withdrawn_at": [stored(connection, end.at if end else None) for end in ends],
        "withdrawn_by": [end.by if end else "" for end in ends],
        "withdrawn_reason": [end.reason if end else "" for end in ends],
    }
    insert_columns(connection, pledge, columns, len(new))
