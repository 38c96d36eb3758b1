"""An edition's account, balanced to the person."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.ledger.edition_store import get
from outreach.ledger.editions import delivery, exclusion
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH

S = DeliveryState


@dataclass(frozen=True, slots=True)
class Certificate:
    """intended = accepted + failed + suppressed + cancelled + unknown (+ planned + claimed).

    `accepted` counts everyone whose message the provider took; `became` says what is known of
    them now (accepted, deferred, delivered, bounced, dropped). `crossed` of them objected while
    their message was in flight. `excluded` people were outside the audience, by reason.
    """

    edition: str
    state: str
    intended: int
    accepted: int
    became: dict[str, int]
    failed: int
    suppressed: int
    cancelled: int
    unknown: int
    planned: int
    claimed: int
    crossed: int
    excluded: int
    balanced: bool
    reasons: dict[str, dict[str, int]]
    excluded_by_reason: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the certificate as plain values."""
        return asdict(self)


def certificate(connection: sa.Connection, name: str) -> Certificate:
    """Count the edition called `name` from its rows. Raises NotFound.

    It is balanced when the rows add up to what was frozen at prepare, both of the audience and
    of the people excluded from it.
    """
    found = get(connection, name)
    counts: Counter[str] = Counter()
    reasons: dict[str, dict[str, int]] = {}
    rows = connection.execute(
        sa.select(
            EFFECTIVE.label("effective"), REASON.label("why"), sa.func.count().label("people")
        )
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id == found.id)
        .group_by("effective", "why")
    )
    for row in rows:
        counts[row.effective] += row.people
        if row.why:
            by_reason = reasons.setdefault(row.effective, {})
            by_reason[row.why] = by_reason.get(row.why, 0) + row.people
    excluded = _excluded(connection, found.id)
    crossed = connection.execute(
        sa.select(sa.func.count()).where(
            delivery.c.edition_id == found.id, delivery.c.crossed_at.is_not(None)
        )
    ).scalar_one()
    became = {state.value: counts[state] for state in S if state in ACCEPTED_OR_LATER}
    return Certificate(
        edition=found.name,
        state=found.state,
        intended=found.intended,
        accepted=sum(became.values()),
        became=became,
        failed=counts[S.FAILED],
        suppressed=counts[S.SUPPRESSED],
        cancelled=counts[S.CANCELLED],
        unknown=counts[S.UNKNOWN],
        planned=counts[S.PLANNED],
        claimed=counts[S.CLAIMED],
        crossed=crossed,
        excluded=found.excluded,
        balanced=(
            sum(counts.values()) == found.intended and sum(excluded.values()) == found.excluded
        ),
        reasons=reasons,
        excluded_by_reason=excluded,
    )


def _excluded(connection: sa.Connection, edition_id: int) -> dict[str, int]:
    rows = connection.execute(
        sa.select(exclusion.c.reason, sa.func.count())
        .where(exclusion.c.edition_id == edition_id)
        .group_by(exclusion.c.reason)
        .order_by(exclusion.c.reason)
    )
    return dict(rows.all())
