"""How many people campaigns would reach as things stand, counted by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.ledger.audience import PLEDGED, RENEWED, Rule, latest_pledge, selected
from outreach.ledger.caps import full
from outreach.ledger.edition_store import OPEN
from outreach.ledger.editions import batch, campaign, edition
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, organisation, pledge


@dataclass(frozen=True, slots=True)
class Planned:
    """An edition that is still to be sent: `people` of it are planned."""

    name: str
    campaign: str
    title: str
    state: EditionState
    control: str
    send_at: datetime | None
    people: int


def reach(connection: sa.Connection, rule: Rule, now: datetime) -> int:
    """Return how many people the rule would write to now."""
    counted = _people().where(reached(rule, now))
    return int(connection.execute(counted).scalar_one())


def answered(
    connection: sa.Connection, rule: Rule, since: datetime, until: datetime, now: datetime
) -> list[datetime]:
    """Return when those pledged whom the rule would write to, of the pledges between two times.

    The rule's step is not asked: this is for many days at once.
    """
    pledged = latest_pledge(renewals=rule.renewals)
    lately = sa.select(pledge.c.contact_id).where(
        pledge.c.pledged_at >= since, pledge.c.pledged_at < until
    )
    rows = connection.execute(
        sa.select(pledged)
        .select_from(contact.outerjoin(organisation))
        .where(
            contact.c.id.in_(lately),
            pledged >= since,
            pledged < until,
            reached(replace(rule, step=None), now),
        )
    )
    return list(rows.scalars())


def overlap(connection: sa.Connection, rules: Sequence[Rule], most: int, now: datetime) -> int:
    """Return how many people more than `most` of these rules would write to now."""
    times = [sa.case((reached(rule, now), 1), else_=0) for rule in rules]
    together: sa.ColumnElement[int] = times[0]
    for one in times[1:]:
        together = together + one
    return int(connection.execute(_people().where(together > most)).scalar_one())


def reached(rule: Rule, now: datetime) -> sa.ColumnElement[bool]:
    """Whether the rule would write to the `contact` row in scope, organisation joined."""
    clauses = [contact.c.erased_at.is_(None), selected(rule, now)]
    if rule.step and rule.step.since:
        clauses.append(latest_pledge(renewals=rule.renewals) >= rule.step.since)
    if rule.goal == PLEDGED:
        clauses.append(latest_pledge().is_(None))
    if rule.goal == RENEWED:
        clauses.append(latest_pledge() <= latest_pledge(renewals=rule.renewals))
    if rule.capped and rule.cap:
        clauses.append(contact.c.id.not_in(full(rule.cap, now)))
    # Last: it costs most.
    return sa.and_(*clauses, not_mailable(rule.purpose) == "")


def planned(connection: sa.Connection) -> tuple[Planned, ...]:
    """Return the editions that are still to be sent, by their time."""
    people = (
        sa.select(sa.func.coalesce(sa.func.sum(batch.c.size), 0))
        .where(batch.c.edition_id == edition.c.id, batch.c.state == DeliveryState.PLANNED)
        .correlate(edition)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(
            *(edition.c.name, campaign.c.slug, edition.c.title, edition.c.state),
            *(edition.c.control, edition.c.send_at, people.label("people")),
        )
        .join(campaign, campaign.c.id == edition.c.campaign_id)
        .where(edition.c.state.in_(OPEN))
        .order_by(edition.c.send_at, edition.c.id)
    )
    return tuple(
        Planned(r.name, r.slug, r.title, EditionState(r.state), r.control, r.send_at, int(r.people))
        for r in rows
    )


def _people() -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(contact.outerjoin(organisation))
