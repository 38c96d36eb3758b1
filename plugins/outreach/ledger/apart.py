"""People of an accepted batch who came to something else: each outcome a batch of its own.

So that whatever counts, lists or claims batches sees them as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.cutting import cut_off
from outreach.ledger.editions import batch, delivery

S = DeliveryState

_KEPT = ("claimed_at", "sender", "token_kid", "link_base")
"""What the messages of a batch were made with: the same for whoever is cut off it."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What became of some people of a batch: `reasons` by contact.

    `state` is FAILED, UNKNOWN, or PLANNED, then to be tried again at `not_before`.
    """

    state: DeliveryState
    reasons: Mapping[int, str]
    not_before: datetime | None = None

    @property
    def reason(self) -> str:
        """The reason that most of them have."""
        return Counter(self.reasons.values()).most_common(1)[0][0]


def set_apart(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    groups: Sequence[Apart],
    unsent: Mapping[str, object],
    now: datetime,
) -> bool:
    """Cut `groups` off the batch `row`; returns whether anybody is left, for the receipt.

    Where nobody is, the last group stays, and the batch is what that group is. `unsent` is what
    becomes of people who were not sent to; of a batch that is in doubt by now, they are too.
    Changes nothing where that was done before: the answer of its commit may have been lost.
    The caller holds the edition's row and the batch's.
    """
    if not _all_in_it(connection, row.id, [one for group in groups for one in group.reasons]):
        return False
    ordered = sorted(groups, key=lambda one: (S.PLANNED, S.FAILED, S.UNKNOWN).index(one.state))
    anybody: bool = row.people > sum(len(one.reasons) for one in ordered)
    stays = None if anybody else ordered.pop()
    for one in ordered:
        cut_off(connection, row, list(one.reasons), _values(row, one, unsent, now))
        connection.execute(
            sa.update(batch)
            .where(batch.c.id == row.id)
            .values(people=batch.c.people - len(one.reasons))
        )
        _own_reasons(connection, row.edition_id, one)
    if stays is not None:
        connection.execute(
            sa.update(batch).where(batch.c.id == row.id).values(_values(row, stays, unsent, now))
        )
        _own_reasons(connection, row.edition_id, stays)
    return anybody


def _all_in_it(connection: sa.Connection, batch_id: int, contact_ids: Sequence[int]) -> bool:
    query = sa.select(delivery.c.contact_id).where(delivery.c.batch_id == batch_id)
    return set(contact_ids) <= set(connection.execute(query).scalars())


def _values(
    row: sa.Row,  # type: ignore[type-arg]
    one: Apart,
    unsent: Mapping[str, object],
    now: datetime,
) -> dict[str, object]:
    if one.state is S.PLANNED and row.state == S.CLAIMED:
        back = {**unsent, "reason": unsent["reason"] or one.reason}
        return {**back, "not_before": one.not_before, "recorded_at": now, "sender": ""}
    state = S.UNKNOWN if one.state is S.PLANNED else one.state
    kept = {name: getattr(row, name) for name in _KEPT}
    return {
        **kept,
        "state": state,
        "reason": one.reason,
        "people": len(one.reasons),
        "recorded_at": now,
    }


def _own_reasons(connection: sa.Connection, edition_id: int, one: Apart) -> None:
    """Give those their own reason who have another than their batch."""
    if one.state is S.PLANNED:
        return
    other = [
        {"b_contact": contact_id, "b_reason": reason}
        for contact_id, reason in one.reasons.items()
        if reason != one.reason
    ]
    if other:
        connection.execute(
            sa.update(delivery)
            .where(
                delivery.c.edition_id == edition_id,
                delivery.c.contact_id == sa.bindparam("b_contact"),
                delivery.c.state.is_(None),
            )
            .values(reason=sa.bindparam("b_reason")),
            other,
        )
