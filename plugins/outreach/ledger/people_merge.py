"""Merge contacts and pledges into the ledger, some thousand rows to a short transaction.

What each source says is kept as a statement, and a contact's fields are worked out from them
(`precedence`). Inside one file the first row that tells something wins and later ones fill
gaps. Suppressions are never touched here, and an erased person is never written again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress

import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger import leavers, people_write, pledge_merge
from outreach.ledger.folding import folded
from outreach.ledger.imports import Tally
from outreach.ledger.making import Made, Making, Shared, none_shared
from outreach.ledger.people_draft import Draft
from outreach.ledger.people_known import Met, erased_among, held, known_among
from outreach.ledger.people_write import Fresh
from outreach.records import (
    ContactRecord,
    PersonRow,
    PledgeRecord,
    Quarantined,
    person_row,
)

__all__ = [
    "ERASED",
    "ERASED_ADVICE",
    "Merge",
    "erased_among",
    "merge_contacts",
    "merge_people",
    "merge_pledges",
]

ERASED = "erased at the person's own request"
ERASED_ADVICE = "take the row out of the file; the person's data may not be held again"


@dataclass(frozen=True, slots=True)
class Merge:
    """What every merge of one import shares.

    `precedence`: source -> its declared precedence, for every source that has one. `shared`
    tells of addresses whether each is a shared mailbox. `told`: ODS codes of the organisations that
    this import has told of. `making` and `memo` hold what was worked out
    before; they make no difference but in time.
    """

    keys: Keys
    source: str
    now: datetime
    import_id: int | None = None
    precedence: Mapping[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set, repr=False, compare=False)
    making: Making = field(default_factory=Making, repr=False, compare=False)
    shared: Shared = field(default=none_shared, repr=False, compare=False)
    memo: people_write.Memo = field(default_factory=people_write.Memo, repr=False, compare=False)

    def made(self, rows: Sequence[PersonRow]) -> list[Made]:
        """Return what is made of each row."""
        return self.making.of(rows, self.keys, self.shared)


@dataclass(slots=True)
class _Sorted:
    """Rows by what has to be done about them."""

    fresh: Fresh = field(default_factory=Fresh)
    known: dict[bytes, list[PersonRow]] = field(default_factory=dict)
    written: dict[bytes, str] = field(default_factory=dict)
    """What the only row about someone known says, as JSON."""

    refused: list[Quarantined] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    """Numbers of the rows that changed something."""

    taken: int = 0


def merge_contacts(
    connection: sa.Connection, records: Sequence[ContactRecord], merge: Merge
) -> Tally:
    """Write contacts and their bases. The caller's transaction holds `lock_people`."""
    return merge_people(connection, _rows(records, merge), merge)


def merge_pledges(
    connection: sa.Connection, records: Sequence[PledgeRecord], merge: Merge
) -> Tally:
    """Write pledges and the contacts who made them; one pledge per address and time."""
    return merge_people(connection, _rows(records, merge), merge)


def _rows(records: Sequence[ContactRecord | PledgeRecord], merge: Merge) -> list[PersonRow]:
    people = [r.contact if isinstance(r, PledgeRecord) else r for r in records]
    hashes = merge.keys.address_hashes(one.email for one in people)
    rows = [person_row(r, h) for r, h in zip(records, hashes, strict=True)]
    return sorted(rows, key=lambda row: row[:2])


def merge_people(
    connection: sa.Connection,
    rows: Sequence[PersonRow],
    merge: Merge,
    made: list[Made] | None = None,
) -> Tally:
    """Write what sorted rows say; all rows of one file about an address come in one call.

    `made`: what `merge.making` makes of them, where that is known. The caller's transaction
    holds `lock_people`.
    """
    if not rows:
        return Tally()
    left = _still_left(connection, rows)
    if made is None or left is not rows:
        rows, made = left, merge.made(left)
    hashes = [row[0] for row in rows]
    keys = hashes if len(set(hashes)) == len(hashes) else list(dict.fromkeys(hashes))
    known, erased = known_among(connection, keys, merge.source)
    work = _sort((rows, made), known, erased, merge)
    ids = people_write.write_new(connection, work.fresh, merge)
    drafts = _drafts(connection, work, known, merge)
    people_write.write_changed(connection, drafts, merge)
    new_pledges = 0
    if rows[0][5] is not None:
        numbers = {h: one.id for h, one in known.items()} | ids
        gone = {one.row_number for one in work.refused}
        kept = [row for row in rows if row[1] not in gone]
        new_pledges, moved = pledge_merge.write_pledges(connection, kept, numbers, merge)
        work.changed |= moved - {row[1] for row in work.fresh.rows}
    created, changed = len(work.fresh.rows), len(work.changed)
    return Tally(created, changed, work.taken - created - changed, new_pledges, tuple(work.refused))


def _sort(
    read: tuple[Sequence[PersonRow], list[Made]],
    known: Mapping[bytes, Met],
    erased: set[bytes],
    merge: Merge,
) -> _Sorted:
    """Decide of each row whether its person is new, known, or was erased."""
    work = _Sorted()
    rows, made = read
    twice = _met_twice(rows)
    groups: dict[bytes, list[PersonRow]] = {}
    pairs: Iterable[tuple[PersonRow, Made]] = zip(rows, made, strict=True)
    if not (known or erased):
        # As in any first import of a list: a loop over them all would take half of the time.
        if twice:
            again = [row[0] in twice for row in rows]
            once = [not twofold for twofold in again]
            work.fresh = Fresh(list(compress(rows, once)), list(compress(made, once)))
            pairs = list(compress(pairs, again))
        else:
            work.fresh, pairs = Fresh(list(rows), made), ()
    for row, one in pairs:
        address_hash = row[0]
        if address_hash in erased:
            # Nothing of the row is kept: that is what erasure means.
            work.refused.append(Quarantined(row[1], "", ERASED, ERASED_ADVICE, {}))
        elif address_hash in twice:
            groups.setdefault(address_hash, []).append(row)
        elif (before := known.get(address_hash)) is None:
            work.fresh.add(row, one)
        elif before.said != one[0]:
            work.known[address_hash] = [row]
            work.written[address_hash] = one[0]
    work.known |= {who: group for who, group in groups.items() if who in known}
    _take_groups(work, [group for who, group in groups.items() if who not in known], merge)
    work.taken = len(rows) - len(work.refused)
    return work


def _met_twice(rows: Sequence[PersonRow]) -> set[bytes]:
    """Return the address hashes of more than one of these sorted rows."""
    hashes = [row[0] for row in rows]
    if len(set(hashes)) == len(rows):
        return set()
    return {address_hash for address_hash, number in Counter(hashes).items() if number > 1}


def _take_groups(work: _Sorted, groups: list[list[PersonRow]], merge: Merge) -> None:
    """Take in new people with several rows each."""
    found = [folded(group) for group in groups]
    made = merge.made([one for one, _, _ in found])
    for (one, told, further), what in zip(found, made, strict=True):
        work.fresh.add(one, what, further)
        work.changed |= told


def _drafts(
    connection: sa.Connection, work: _Sorted, known: Mapping[bytes, Met], merge: Merge
) -> list[Draft]:
    if not work.known:
        return []
    ids = [known[address_hash].id for address_hash in work.known]
    facts = {row[4] for rows in work.known.values() for row in rows}
    what = held(
        connection,
        ids,
        standings=any(one[2] for one in facts),
        # Only consent given in a row has to know what the person chose.
        choices=any(one[0] == "yes" for one in facts),
    )
    drafts = []
    for address_hash, rows in work.known.items():
        draft = Draft(what[known[address_hash].id], merge.source, merge.now, merge.precedence)
        work.changed |= draft.take(rows, work.written.get(address_hash, ""))
        drafts.append(draft)
    return drafts


def _still_left(connection: sa.Connection, rows: Sequence[PersonRow]) -> Sequence[PersonRow]:
    """Return the rows without a leaving date from before a person said they came back."""
    leaving = [row[0] for row in rows if row[4][1]]
    back = leavers.came_back(connection, leaving) if leaving else {}
    if not back:
        return rows
    return [
        (*row[:4], (row[4][0], "", *row[4][2:]), row[5]) if _before(row, back) else row
        for row in rows
    ]


def _before(row: PersonRow, back: Mapping[bytes, datetime]) -> bool:
    left = row[4][1]
    return bool(left) and row[0] in back and datetime.fromisoformat(left) <= back[row[0]]
