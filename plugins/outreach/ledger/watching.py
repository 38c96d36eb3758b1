"""Complaints, bounces and refusals of a campaign, as figures to judge it by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState, EditionState, EventType
from outreach.ledger.editions import batch, campaign, delivery, edition, event, fact
from outreach.ledger.facts import set_fact
from outreach.ledger.holds import watch_fact
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

S = DeliveryState

LEAST_LOOKED_AT = 1_000
LEAST_DAYS = timedelta(days=7)
"""A campaign is judged by its last 1,000 delivered or its last 7 days, whichever is more."""

LONGEST_REST = timedelta(minutes=5)
"""How long a campaign that is large, and so costly to judge, rests at most."""

_BOUNCES = (EventType.BOUNCED.value, EventType.BLOCKED.value)
_COMPLAINTS = (EventType.COMPLAINED.value,)


@dataclass(frozen=True, slots=True)
class Watched:
    """A campaign that is not held and has bad news not judged yet. `news` is how much, as kept."""

    campaign_id: int
    slug: str
    judged_from: datetime | None
    news: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Of `delivered` people `complaints` complained; of `tried`, `bounces` bounced for good."""

    delivered: int
    complaints: int
    tried: int
    bounces: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many people of a running edition the provider refused, of those it answered about."""

    edition_id: int
    edition: str
    tried: int
    refused: int


def to_judge(connection: sa.Connection, now: datetime) -> list[Watched]:
    """Return the campaigns that have more bad news than when they were last judged.

    Reads only the few rows that have any. One that rests is left out.
    """
    counts: dict[int, list[int]] = {}
    for place, query in enumerate(_news()):
        for campaign_id, number in connection.execute(query):
            counts.setdefault(campaign_id, [0, 0, 0])[place] = number
    if not counts:
        return []
    known = {watch_fact(one): one for one in counts}
    rows = connection.execute(sa.select(fact).where(fact.c.name.in_(known)))
    judged = {row.name: (row.value, row.at) for row in rows}
    rows = connection.execute(
        sa.select(campaign).where(campaign.c.id.in_(list(counts)), campaign.c.paused_at.is_(None))
    )
    found = []
    for r in rows:
        news = " ".join(map(str, counts[r.id]))
        last, rests_until = judged.get(watch_fact(r.id), ("", now))
        # A clock that was set back must not let it rest for long.
        if last != news and not now < rests_until <= now + LONGEST_REST:
            found.append(Watched(r.id, r.slug, r.judged_from, news))
    return found


def judged(connection: sa.Connection, one: Watched, until: datetime) -> None:
    """Keep what a campaign was judged on; it rests until `until`, whatever comes in."""
    set_fact(connection, watch_fact(one.campaign_id), one.news, until)


def rates(connection: sa.Connection, one: Watched, now: datetime) -> Rates:
    """Return a campaign's figures; only news since a person last let it go on counts as bad.

    Where no provider tells of deliveries (pull mode), those accepted stand for those delivered.
    Simulated events are left out.
    """
    mine = delivery.c.campaign_id == one.campaign_id
    tells = connection.execute(
        sa.select(delivery.c.contact_id).where(mine, delivery.c.delivered_at.is_not(None)).limit(1)
    ).first()
    if tells:
        good: sa.ColumnElement[bool] = delivery.c.delivered_at.is_not(None)
        at = sa.func.coalesce(
            delivery.c.delivered_at, delivery.c.bounced_at, delivery.c.complained_at
        )
    else:
        good = EFFECTIVE.in_(sorted(ACCEPTED_OR_LATER))
        at = sa.func.coalesce(batch.c.claimed_at, delivery.c.bounced_at, delivery.c.complained_at)
    since = _since(connection, sa.and_(mine, good), at, now)
    complained = _news_of(delivery.c.complained_at, _COMPLAINTS, one.judged_from)
    bounced = sa.and_(
        delivery.c.state == S.BOUNCED.value,
        delivery.c.reason.not_like("blocked: %"),
        _news_of(delivery.c.bounced_at, _BOUNCES, one.judged_from),
    )
    tried = sa.or_(good, delivery.c.bounced_at.is_not(None))
    in_window = at >= since if since else sa.true()
    row = connection.execute(
        sa.select(*(sa.func.count(sa.case((w, 1))) for w in (good, complained, tried, bounced)))
        .select_from(WITH_BATCH)
        .where(mine, in_window)
    ).one()
    return Rates(*(int(figure) for figure in row))


def refusals(connection: sa.Connection, one: Watched) -> list[Refusals]:
    """Return the running editions of a campaign of which the provider refused somebody."""
    refused = sa.func.sum(sa.case((batch.c.state == S.FAILED.value, batch.c.people), else_=0))
    query = (
        sa.select(edition.c.id, edition.c.name, sa.func.sum(batch.c.people), refused)
        .join(batch, batch.c.edition_id == edition.c.id)
        .where(
            edition.c.campaign_id == one.campaign_id,
            edition.c.state == EditionState.SENDING,
            batch.c.state.in_([S.FAILED.value, S.ACCEPTED.value, S.UNKNOWN.value]),
        )
        .group_by(edition.c.id, edition.c.name)
        .having(refused > 0)
    )
    if one.judged_from:
        query = query.where(batch.c.recorded_at >= one.judged_from)
    return [Refusals(r[0], r[1], int(r[2]), int(r[3])) for r in connection.execute(query)]


def _news() -> tuple[sa.Select[Any], ...]:
    def of(column: sa.Column[datetime]) -> sa.Select[Any]:
        number = sa.func.count()
        chosen = sa.select(delivery.c.campaign_id, number).where(column.is_not(None))
        return chosen.group_by(delivery.c.campaign_id)

    refused = (
        sa.select(edition.c.campaign_id, sa.func.count())
        .join(batch, batch.c.edition_id == edition.c.id)
        .where(edition.c.state == EditionState.SENDING, batch.c.state == S.FAILED.value)
        .group_by(edition.c.campaign_id)
    )
    return of(delivery.c.complained_at), of(delivery.c.bounced_at), refused


def _since(
    connection: sa.Connection,
    good: sa.ColumnElement[bool],
    at: sa.ColumnElement[datetime],
    now: datetime,
) -> datetime | None:
    """Return where the window begins; None where fewer than 1,000 were ever delivered."""
    last = connection.execute(
        sa.select(sa.type_coerce(at, delivery.c.delivered_at.type))
        .select_from(WITH_BATCH)
        .where(good)
        .order_by(at.desc())
        .offset(LEAST_LOOKED_AT - 1)
        .limit(1)
    ).scalar()
    return min(last, now - LEAST_DAYS) if last else None


def _news_of(
    column: sa.Column[datetime], kinds: tuple[str, ...], judged_from: datetime | None
) -> sa.ColumnElement[bool]:
    """Whether a delivery has this fact, not from simulated events alone, and not known before.

    A person judged what was known then: when an event was recorded counts, not when it happened.
    A fact without an event comes from a list that was pulled, and has only its own time.
    """
    mine = sa.and_(
        event.c.edition_id == delivery.c.edition_id,
        event.c.contact_id == delivery.c.contact_id,
        event.c.type.in_(kinds),
    )
    listed = ~sa.exists().where(mine).correlate(delivery)
    real = sa.exists().where(mine, ~event.c.simulated).correlate(delivery)
    if judged_from is None:
        return sa.and_(column.is_not(None), sa.or_(real, listed))
    before = sa.and_(mine, ~event.c.simulated, event.c.recorded_at < judged_from)
    known = sa.exists().where(before).correlate(delivery)
    return sa.and_(
        column.is_not(None),
        sa.or_(sa.and_(real, ~known), sa.and_(listed, column >= judged_from)),
    )
