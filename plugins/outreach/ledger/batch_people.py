"""The people of a batch as a claim reads them: columns, for what is done to each adds up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, overload

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.ledger.audience import PLEDGED, latest_pledge
from outreach.ledger.claimed import ClaimedPeople
from outreach.ledger.editions import delivery
from outreach.ledger.in_question import in_question
from outreach.ledger.people import contact

PLEDGE = "pledge:"
"""How an occasion begins that is a pledge (see `audience.pledge_occasion`)."""


class ParsedLater(Sequence[Sequence[str]]):
    """The items of a list in JSON, parsed once they are asked for: by whoever needs them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._items: list[Sequence[str]] | None = None

    def __len__(self) -> int:
        return len(self._parsed())

    def __iter__(self) -> Iterator[Sequence[str]]:
        return iter(self._parsed())

    @overload
    def __getitem__(self, index: int) -> Sequence[str]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[str]]: ...

    def __getitem__(self, index: int | slice) -> Sequence[str] | Sequence[Sequence[str]]:
        return self._parsed()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._parsed() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _parsed(self) -> list[Sequence[str]]:
        if self._items is None:
            self._items = json.loads(self._text)
        return self._items


@dataclass(frozen=True, slots=True)
class BatchPeople:
    """The people of a batch whose delivery has no state of its own, by contact id.

    `doubtful` are those whom `not_mailable`, a changed address or the edition's goal may hold back.
    """

    people: ClaimedPeople
    doubtful: Sequence[int]

    def answering(self) -> list[tuple[int, str]]:
        """Return (contact, occasion) of those whose occasion is a pledge."""
        occasions = self.people.occasions
        pledges = {one for one in set(occasions) if one.startswith(PLEDGE)}
        if not pledges:
            return []
        both = zip(self.people.contact_ids, occasions, strict=True)
        return [(one, occasion) for one, occasion in both if occasion in pledges]

    def without(self, dropped: Collection[int]) -> ClaimedPeople:
        """Return them as they are handed over, but for those in `dropped`."""
        return self.people.only(lambda one: one not in dropped) if dropped else self.people


def read(connection: sa.Connection, batch_id: int, purpose: Purpose, goal: str) -> BatchPeople:
    """Return the people of a batch. `goal` is what ends the need to write, '' for nothing."""
    query = _people(connection.dialect.name, purpose, goal)
    hashes, *others = connection.execute(query, {"batch": batch_id}).one()
    texts = [f"[{one or ''}]" for one in others]
    values = ParsedLater(texts.pop())
    ids, doubtful, addresses, occasions = map(json.loads, texts)
    found = ClaimedPeople(ids, addresses, _bytes(hashes), occasions, values)
    return BatchPeople(_in_order(found), doubtful)


def _bytes(hashes: str | None) -> list[bytes]:
    return [] if hashes is None else list(map(bytes.fromhex, hashes.split(",")))


def _in_order(people: ClaimedPeople) -> ClaimedPeople:
    """Sorted here: they are in order already, and SQLite would first write them all once more."""
    ids, order = people.contact_ids, sorted(people.contact_ids)
    if ids == order:
        return people
    places = sorted(range(len(ids)), key=ids.__getitem__)
    return ClaimedPeople(
        contact_ids=order,
        addresses=[people.addresses[place] for place in places],
        address_hashes=[people.address_hashes[place] for place in places],
        occasions=[people.occasions[place] for place in places],
        values=[people.values[place] for place in places],
    )


@cache
def _people(dialect: str, purpose: Purpose, goal: str) -> sa.Select[Any]:
    """Return SQL: one row with a text for each column of the batch, commas between the people.

    All but the hashes are JSON. SQLite's driver lets go of Python, and waits to have it back, for
    each row: with one for a whole batch, others of this process work on meanwhile.
    """
    doubts = [contact.c.address_hash != delivery.c.address_hash]
    if goal == PLEDGED:
        doubts.append(latest_pledge().is_not(None))
    d = delivery.c
    doubtful = in_question(purpose, *doubts) == 1
    as_hex: sa.ColumnElement[Any] = sa.func.hex(d.address_hash)
    as_json, together = sa.func.json_quote, sa.func.group_concat
    if dialect == "postgresql":
        as_hex = sa.func.encode(d.address_hash, "hex")
        as_json, together = sa.func.to_json, sa.func.string_agg

    def listed(texts: sa.ColumnElement[Any]) -> sa.FunctionElement[Any]:
        # Without one of the texts the columns would no longer run in parallel.
        return together(sa.func.coalesce(sa.cast(texts, sa.Text), "null"), _COMMA)

    return sa.select(
        listed(as_hex),
        listed(d.contact_id),
        listed(d.contact_id).filter(doubtful),
        listed(as_json(d.email)),
        listed(as_json(d.occasion)),
        listed(d.slot_values),
    ).where(d.batch_id == sa.bindparam("batch"), d.state.is_(None))


_COMMA: sa.ColumnElement[str] = sa.literal_column("','")
