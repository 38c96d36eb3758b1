"""The people of a batch as a claim reads them: columns, for what is done to each adds up."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import NullType

from outreach.domain import Purpose
from outreach.ledger.audience import PLEDGED, latest_pledge
from outreach.ledger.claimed import ClaimedPerson
from outreach.ledger.editions import delivery
from outreach.ledger.in_question import in_question
from outreach.ledger.people import contact

PLEDGE = "pledge:"
"""How an occasion begins that is a pledge (see `audience.pledge_occasion`)."""


@dataclass(frozen=True, slots=True)
class BatchPeople:
    """The people of a batch whose delivery has no state of its own, by contact id.

    `in_question` is true where `not_mailable`, a changed address or the edition's goal may
    hold somebody back. `values` are JSON.
    """

    ids: Sequence[int] = ()
    emails: Sequence[str] = ()
    hashes: Sequence[bytes] = ()
    occasions: Sequence[str] = ()
    values: Sequence[str] = ()
    in_question: Sequence[int] = ()

    def doubtful(self) -> list[int]:
        """Return the contacts who are in question."""
        return list(compress(self.ids, self.in_question))

    def answering(self) -> list[tuple[int, str]]:
        """Return (contact, occasion) of those whose occasion is a pledge."""
        pledges = {one for one in set(self.occasions) if one.startswith(PLEDGE)}
        if not pledges:
            return []
        both = zip(self.ids, self.occasions, strict=True)
        return [(one, occasion) for one, occasion in both if occasion in pledges]

    def without(self, dropped: Collection[int]) -> list[ClaimedPerson]:
        """Return them as they are handed over, but for those in `dropped`."""
        columns: tuple[Sequence[Any], ...] = (self.ids, self.emails, self.hashes, self.occasions)
        columns = (*columns, self.values)
        if dropped:
            stays = [one not in dropped for one in self.ids]
            columns = tuple(tuple(compress(column, stays)) for column in columns)
        *frozen, values = columns
        # One document for all of them: to read each on its own takes five times as long.
        said = map(tuple, json.loads(f"[{','.join(values)}]"))
        return list(map(ClaimedPerson._make, zip(*frozen, said, strict=True)))


def read(connection: sa.Connection, batch_id: int, purpose: Purpose, goal: str) -> BatchPeople:
    """Return the people of a batch. `goal` is what ends the need to write, '' for nothing."""
    found = connection.execute(_people(purpose, goal), {"batch": batch_id}).all()
    # Sorted here: they are in order already, and SQLite would first write them all once more.
    rows = sorted(found, key=itemgetter(0))
    return BatchPeople(*zip(*rows, strict=True))


@cache
def _people(purpose: Purpose, goal: str) -> sa.Select[Any]:
    """Return SQL: what `BatchPeople` holds, as the driver gives it."""
    doubts = [contact.c.address_hash != delivery.c.address_hash]
    if goal == PLEDGED:
        doubts.append(latest_pledge().is_not(None))
    d = delivery.c
    # No type is to make anything of what the driver gives.
    return sa.select(
        d.contact_id,
        d.email,
        sa.type_coerce(d.address_hash, NullType()),
        d.occasion,
        sa.cast(d.slot_values, sa.Text),
        in_question(purpose, *doubts),
    ).where(d.batch_id == sa.bindparam("batch"), d.state.is_(None))
