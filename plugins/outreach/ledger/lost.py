"""What a restored ledger has lost keeps its numbers, so that what went out still finds it.

A delivery id in a message holds the numbers of an edition and of a contact: with them, a late
event settles a doubt, and a link unsubscribes whoever clicks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.journal import Claim
from outreach.ledger.columns import chunks
from outreach.ledger.editions import edition
from outreach.ledger.people import contact


@dataclass(frozen=True, slots=True)
class Numbers:
    """Name -> number of the lost editions that can be made again under their own."""

    editions: Mapping[str, int] = field(default_factory=dict)


NO_NUMBERS = Numbers()


@dataclass(slots=True)
class _Seen:
    """Which number each person has or had, and the other way round."""

    of_person: dict[bytes, int] = field(default_factory=dict)
    person: dict[int, bytes] = field(default_factory=dict)

    def agrees(self, number: int, address_hash: bytes) -> bool:
        """Take a pair in; returns False where either goes with another."""
        return (
            self.of_person.setdefault(address_hash, number) == number
            and self.person.setdefault(number, address_hash) == address_hash
        )


def numbers(connection: sa.Connection, claims: Iterable[Claim]) -> Numbers:
    """Return under which numbers the editions that this ledger has lost can be made again.

    Where one person of an edition has another number by now, or their number is another
    person's, the whole edition gets a new one: an old id must find the right person or nobody.
    """
    rows = connection.execute(sa.select(edition.c.name, edition.c.id, edition.c.state)).all()
    taken = {row.id for row in rows}
    # Half a recovery may have made some again; the others are not lost, and need no look.
    again = {row.name: row.id for row in rows if row.state == EditionState.RECOVERED}
    known = {row.name for row in rows} - again.keys()
    seen, kept, dropped = _Seen(), dict[str, int](), set[str]()
    for claim in claims:
        number = claim.edition_id
        if claim.edition in known or claim.edition in dropped:
            continue
        mine = number not in taken or again.get(claim.edition) == number
        if claim.edition not in kept and number and mine:
            kept[claim.edition] = number
            taken.add(number)
        if kept.get(claim.edition) != number or not number:
            dropped.add(claim.edition)
            continue
        _look_up(connection, claim, seen)
        pairs = zip(claim.contact_ids, claim.address_hashes, strict=True)
        if not all(seen.agrees(one, bytes(hashed)) for one, hashed in pairs):
            dropped.add(claim.edition)
    return Numbers({name: number for name, number in kept.items() if name not in dropped})


def restore_contacts(
    connection: sa.Connection, claim: Claim, known: Numbers, now: datetime
) -> None:
    """Keep a nameless contact, under their own number, for whom of a lost edition is lost too."""
    if claim.edition not in known.editions:
        return
    pairs = dict(zip(claim.contact_ids, map(bytes, claim.address_hashes), strict=True))
    missing = set(pairs)
    for some in chunks(sorted(pairs)):
        rows = connection.execute(sa.select(contact.c.id).where(contact.c.id.in_(some)))
        missing -= set(rows.scalars())
    same = {"domain_hash": b"", "created_at": now, "updated_at": now}
    new = [{"id": one, "address_hash": pairs[one], **same} for one in sorted(missing)]
    if not new:
        return
    connection.execute(sa.insert(contact), new)
    if connection.dialect.name == "postgresql":
        # It counts on from where it stood: past the numbers that were just given by hand.
        newest = sa.select(sa.func.max(contact.c.id)).scalar_subquery()
        sequence = sa.func.pg_get_serial_sequence("contact", "id")
        beyond = sa.func.greatest(newest, sa.func.nextval(sequence))
        connection.execute(sa.select(sa.func.setval(sequence, beyond)))


def _look_up(connection: sa.Connection, claim: Claim, seen: _Seen) -> None:
    """Note what this ledger itself holds of a claim's people and numbers."""
    asked = [
        *((contact.c.id, some) for some in chunks(claim.contact_ids)),
        *((contact.c.address_hash, some) for some in chunks(claim.address_hashes)),
    ]
    for column, some in asked:
        rows = connection.execute(
            sa.select(contact.c.id, contact.c.address_hash).where(column.in_(some))
        )
        for row in rows:
            seen.of_person[bytes(row.address_hash)] = row.id
            seen.person[row.id] = bytes(row.address_hash)
