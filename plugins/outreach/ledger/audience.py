"""Select an audience: who gets an edition, and a reason for everyone who does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain import Organisation, Purpose, Reader, Segment
from outreach.ledger.caps import Cap, at_cap
from outreach.ledger.editions import campaign, delivery, edition, exclusion
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, organisation, pledge
from outreach.ledger.placing import AS_READ, BOROUGH, ICS_AREA, SECTOR
from outreach.scheduling.steps import Step

LONDON = ZoneInfo("Europe/London")

PLEDGED = "pledged"
GOAL_REACHED = "goal reached: has pledged"
RENEWED = "renewed"
RENEWAL_REACHED = "goal reached: has renewed the pledge"

OVERDUE = "overdue"
"""Under what a pledge whose step came too late is listed, once; the step itself stays unused."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides an audience. `per_pledge`: one message for each pledge, not each edition;
    one that renews an earlier pledge is answered only with `renewals`.

    `goal` is what ends the need to write ("pledged", "renewed" or ''). With `step`, only pledges
    whose step is due are answered. `capped` says that the hub's limit of
    emails per person applies, and `cap` is that limit, where the hub has one.
    """

    slug: str
    purpose: Purpose
    segment: Segment
    per_pledge: bool = False
    renewals: bool = False
    goal: str = ""
    capped: bool = False
    cap: Cap | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person whom the segment selects; `why_not` says why they are not written to."""

    contact_id: int
    address: str
    address_hash: bytes
    occasion: str
    reader: Reader
    why_not: str


def select_candidates(
    connection: sa.Connection, rule: Rule, name: str, now: datetime
) -> Iterator[Candidate]:
    """Yield everyone whom the rule selects for the edition called `name`, by contact id.

    For a campaign of occasion "pledge" those who had it for their latest pledge are left out.
    """
    latest = latest_pledge()
    query = (
        sa.select(
            contact,
            *AS_READ,
            organisation.c.name.label("known_organisation"),
            latest.label("pledged_at"),
            _answered(rule).label("answered_at"),
            not_mailable(rule.purpose).label("why_not"),
        )
        .select_from(contact.outerjoin(organisation))
        .where(in_segment(rule, now), contact.c.erased_at.is_(None))
        .order_by(contact.c.id)
    )
    had = had_occasions(connection, rule.slug) if rule.per_pledge else frozenset()
    full = at_cap(connection, rule.cap, now) if rule.capped and rule.cap else frozenset()
    for row in connection.execution_options(yield_per=2000).execute(query):
        occasion = pledge_occasion(row.answered_at) if rule.per_pledge else name
        too_late = rule.step.too_late(row.answered_at) if rule.step else ""
        listed = f"{occasion}~{OVERDUE}"
        if (row.address_hash, occasion) in had or (too_late and (row.address_hash, listed) in had):
            continue
        yield Candidate(
            contact_id=row.id,
            address=row.email or "",
            address_hash=row.address_hash,
            occasion=listed if too_late else occasion,
            reader=reader_of(row),
            why_not=too_late or row.why_not or _why_not_now(row, rule, full),
        )


def _why_not_now(row: Any, rule: Rule, full: frozenset[int]) -> str:
    if rule.goal == PLEDGED and row.pledged_at is not None:
        return GOAL_REACHED
    if rule.goal == RENEWED and row.pledged_at > row.answered_at:
        return RENEWAL_REACHED
    if rule.step and (passed := rule.step.passed_over(row.answered_at)):
        return passed
    return rule.cap.reason if rule.cap and row.id in full else ""


def pledge_occasion(pledged_at: datetime) -> str:
    """Return the occasion of a pledge: its instant, so that it outlives erasure and re-import."""
    return f"pledge:{pledged_at:%Y-%m-%dT%H:%M:%SZ}"


def exclude_the_rest(connection: sa.Connection, edition_id: int, rule: Rule, now: datetime) -> None:
    """Store a reason for everyone who was considered and is not in the audience.

    A campaign sent on pledges considers those who pledged; any other considers every contact.
    """
    rules = _clauses(rule, now)
    had = "had this already for the same pledge"
    late = had if rule.per_pledge else "added after the audience was read"
    whens = [(~rule, reason) for reason, rule in rules]
    reason = sa.case(*whens, else_=late) if whens else sa.literal(late)
    considered: sa.ColumnElement[bool] = sa.true()
    if rule.per_pledge:
        considered = _answered(rule).is_not(None)
    if rule.step:
        considered = sa.and_(considered, *_in_time(rule, rule.step))
    in_audience = (
        sa.exists()
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact.c.id)
        .correlate(contact)
    )
    connection.execute(
        sa.insert(exclusion).from_select(
            ["edition_id", "contact_id", "reason"],
            sa.select(sa.literal(edition_id), contact.c.id, reason)
            .select_from(contact.outerjoin(organisation))
            .where(contact.c.erased_at.is_(None), considered, ~in_audience),
        )
    )
    # Counted here, not taken from the driver: psycopg does not report rows of INSERT ... SELECT.
    number = sa.select(sa.func.count()).where(exclusion.c.edition_id == edition_id)
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id)
        .values(excluded=number.scalar_subquery())
    )


def _in_time(rule: Rule, step: Step) -> list[sa.ColumnElement[bool]]:
    """The pledges whose step is due and not overdue."""
    answered = _answered(rule)
    since = [answered >= step.since] if step.since else []
    return [answered < step.until, *since]


def had_occasions(connection: sa.Connection, slug: str) -> frozenset[tuple[bytes, str]]:
    """Return (address hash, occasion) of everyone who has a delivery of this campaign."""
    rows = connection.execute(
        sa.select(delivery.c.address_hash, delivery.c.occasion)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(campaign.c.slug == slug)
    )
    return frozenset((bytes(row.address_hash), row.occasion) for row in rows)


def latest_pledge(*, renewals: bool = True) -> sa.ScalarSelect[datetime]:
    """Return SQL: when the contact in scope last pledged and did not withdraw it, or null.

    Without `renewals`, the latest pledge that did not renew an earlier one.
    """
    mine = [pledge.c.contact_id == contact.c.id, pledge.c.withdrawn_at.is_(None)]
    if not renewals:
        mine.append(pledge.c.renewal.is_(sa.false()))
    return (
        sa.select(sa.func.max(pledge.c.pledged_at, type_=pledge.c.pledged_at.type))
        .where(*mine)
        .correlate(contact)
        .scalar_subquery()
    )


def _answered(rule: Rule) -> sa.ScalarSelect[datetime]:
    """The pledge that the rule's campaign answers or, where it answers none, the latest."""
    return latest_pledge(renewals=rule.renewals or not rule.per_pledge)


def _clauses(rule: Rule, now: datetime) -> list[tuple[str, sa.ColumnElement[bool]]]:
    """Each rule of the segment, with the reason given to whoever it leaves out."""
    segment = rule.segment
    rules: list[tuple[str, sa.ColumnElement[bool]]] = []
    for word, column, wanted in (
        ("sector", SECTOR, segment.sectors),
        ("area", ICS_AREA, segment.ics_areas),
        ("borough", BOROUGH, segment.boroughs),
        ("role", sa.func.lower(contact.c.job_role), [r.lower() for r in segment.job_roles]),
    ):
        if wanted:
            rules.append((f"outside the audience: {word}", column.in_(wanted)))
    latest = _answered(rule)
    if segment.pledged is True or rule.per_pledge:
        rules.append(("outside the audience: has not pledged", latest.is_not(None)))
    if rule.step:
        rules.append(("outside the audience: the step is not due yet", latest < rule.step.until))
    if segment.pledged is False:
        rules.append(("outside the audience: has pledged", latest.is_(None)))
    if segment.pledged_within_days is not None:
        since = now - timedelta(days=segment.pledged_within_days)
        reason = f"outside the audience: no pledge in the last {segment.pledged_within_days} days"
        rules.append((reason, sa.and_(latest.is_not(None), latest >= since)))
    return rules


def in_segment(rule: Rule, now: datetime) -> sa.ColumnElement[bool]:
    """Whether the rule selects the `contact` row in scope, mailable or not."""
    clauses = [clause for _, clause in _clauses(rule, now)]
    if rule.per_pledge:
        # Said once more, so that the database begins with the few who pledged.
        pledged = sa.select(pledge.c.contact_id).where(pledge.c.withdrawn_at.is_(None))
        clauses.insert(0, contact.c.id.in_(pledged))
    return sa.and_(sa.true(), *clauses)


def reader_of(row: Any) -> Reader:
    """Return a row of contact, `AS_READ`, `known_organisation` and `pledged_at` as copy may use it.

    A mailbox that several people read is nobody's by name.
    """
    pledged_on: date | None = None
    if row.pledged_at is not None:
        pledged_on = row.pledged_at.astimezone(LONDON).date()
    return Reader(
        first_name="" if row.shared_mailbox else row.first_name,
        last_name="" if row.shared_mailbox else row.last_name,
        job_role=row.job_role,
        sector=row.read_sector,
        ics_area=row.read_ics_area,
        borough=row.read_borough,
        organisation=Organisation(
            ods_code=row.ods_code, name=row.known_organisation or row.organisation_name
        ),
        pledged_on=pledged_on,
    )
