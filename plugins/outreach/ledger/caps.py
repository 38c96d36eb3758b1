"""How many emails a contact had, and the deployment sent: what limits are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.ledger.claimed import Nothing
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery
from outreach.ledger.facts import set_fact
from outreach.ledger.states import EFFECTIVE, WITH_BATCH
from outreach.limits import Limits

S = DeliveryState

_OUT = (S.CLAIMED.value, S.ACCEPTED.value, S.UNKNOWN.value)
"""States of a batch whose people may have been written to."""

HANDED_OVER = sorted({*_OUT, *(state.value for state in ACCEPTED_OR_LATER)})


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `emails` to one person in `days` days."""

    emails: int
    days: int

    @property
    def reason(self) -> str:
        """Why somebody is left out, in words."""
        return f"had {self.emails} or more emails in the last {self.days} days"


def take_turns(connection: sa.Connection, now: datetime) -> None:
    """Wait until no other sender is claiming, so that what is counted stays true."""
    set_fact(connection, "claims in turn", "", now)


def at_cap(
    connection: sa.Connection,
    cap: Cap,
    now: datetime,
    *,
    besides_edition: int = 0,
    among: Sequence[int] | None = None,
) -> frozenset[int]:
    """Return the contacts who had as many emails as the cap allows.

    Whoever may have been written to counts as written to. `besides_edition` is not counted;
    `among` asks about these people only.
    """
    if among is None:
        return frozenset(connection.execute(full(cap, now, besides_edition)).scalars())
    claimed, recovered, whose = _handed_over(cap, now, besides_edition)
    found: set[int] = set()
    for some in chunks(among, 1000):
        # Named one by one: for a query inside the query PostgreSQL reads all deliveries.
        theirs = whose.where(delivery.c.contact_id.in_(some), sa.or_(claimed, recovered))
        found |= set(connection.execute(_as_often(cap, theirs)).scalars())
    return frozenset(found)


def full(cap: Cap, now: datetime, besides_edition: int = 0) -> sa.Select[int]:
    """Return SQL: the contacts who had as many emails as the cap allows, as `at_cap` counts."""
    claimed, recovered, whose = _handed_over(cap, now, besides_edition)
    return _as_often(cap, sa.union_all(whose.where(claimed), whose.where(recovered)))


def _handed_over(
    cap: Cap, now: datetime, besides_edition: int
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool], sa.Select[int]]:
    since = now - timedelta(days=cap.days)
    claimed = sa.and_(batch.c.claimed_at >= since, delivery.c.recovered_at.is_(None))
    # The claim of these is only in the journal, which says nothing of when it was.
    recovered = delivery.c.recovered_at >= since
    whose = (
        sa.select(delivery.c.contact_id)
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id != besides_edition, EFFECTIVE.in_(HANDED_OVER))
    )
    return claimed, recovered, whose


def _as_often(cap: Cap, had: sa.SelectBase) -> sa.Select[int]:
    one = had.subquery().c.contact_id
    return sa.select(one).group_by(one).having(sa.func.count() >= cap.emails)


def sent_on_the_day(connection: sa.Connection, now: datetime) -> int:
    """Return how many people batches were claimed for since midnight in London.

    Those that came back unsent or were refused do not count. Whom only the claim journal knew
    counts on the day of the recovery: the journal does not say when they were claimed.
    """
    counted = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(batch.c.people), 0)).where(
            batch.c.claimed_at >= midnight(now), batch.c.state.in_(_OUT)
        )
    ).scalar_one()
    return int(counted) + recovered_since(connection, midnight(now))


def recovered_since(connection: sa.Connection, since: datetime) -> int:
    """Return how many deliveries were put in doubt since then as only the claim journal had them.

    They are in no claimed batch, and so in no count of those.
    """
    counted = connection.execute(
        sa.select(sa.func.count()).where(delivery.c.recovered_at >= since)
    ).scalar_one()
    return int(counted)


def ceiling_reached(limits: Limits, now: datetime) -> Nothing:
    """Say that nothing more may go today, and when it may."""
    return Nothing(
        f"the day's ceiling of {limits.emails_per_day:,} emails is reached; the rest goes after "
        "midnight (London)",
        wait_until=midnight(now, 1),
    )


def midnight(now: datetime, days: int = 0) -> datetime:
    """Return when the London day of `now` began, or the one `days` later."""
    day = now.astimezone(LONDON).date() + timedelta(days=days)
    return datetime.combine(day, time(), LONDON)
