"""Select an audience: who gets an edition, and a reason for everyone who does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain import Following, Organisation, Purpose, Reader
from outreach.ledger.caps import Cap, at_cap
from outreach.ledger.editions import delivery, edition, exclusion
from outreach.ledger.mailable import not_mailable
from outreach.ledger.occasions import NOTHING_HAD, had_occasions
from outreach.ledger.people import contact, organisation, pledge
from outreach.ledger.placing import AS_READ
from outreach.ledger.segment_sql import Moment, condition
from outreach.scheduling.steps import Step
from outreach.segments import Segment
from outreach.segments.text import why_not as words_why_not
from outreach.segments.tree import Expression, Happened

LONDON = ZoneInfo("Europe/London")

PLEDGED = "pledged"
GOAL_REACHED = "goal reached: has pledged"
RENEWED = "renewed"
RENEWAL_REACHED = "goal reached: has renewed the pledge"

NOT_DUE = "outside the audience: the step is not due yet"
OVERDUE = "overdue"
"""Under what a pledge whose step came too late is listed, once; the step itself stays unused."""
LONGEST_REASON = 200
"""Characters of a rule that a reason quotes: one made of many tests is cut."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides an audience. `per_pledge`: one message for each pledge, not each edition;
    one that renews an earlier pledge is answered only with `renewals`.

    `goal` is what ends the need to write ("pledged", "renewed" or ''). With `step`, only pledges
    whose step is due are answered. `otherwise` is why whoever the segment selects is left out all
    the same, '' where nobody is. `capped` says that the hub's limit of emails per person applies,
    and `cap` is that limit, where the hub has one. `follows` is what a follow-up is to; its
    `segment` says the same.
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
    otherwise: str = ""
    follows: Following | None = None


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
        .where(selected(rule, now), considered(rule))
        .order_by(contact.c.id)
    )
    had = had_occasions(connection, rule.slug) if rule.per_pledge else NOTHING_HAD
    full = at_cap(connection, rule.cap, now) if rule.capped and rule.cap else frozenset()
    for row in connection.execution_options(yield_per=2000).execute(query):
        occasion = pledge_occasion(row.answered_at) if rule.per_pledge else name
        too_late = rule.step.too_late(row.answered_at) if rule.step else ""
        listed = f"{occasion}~{OVERDUE}"
        if had.covers(row.address_hash, occasion, listed if too_late else occasion):
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
    late = had if rule.per_pledge else rule.otherwise or "added after the audience was read"
    whens = [(~rule, reason) for reason, rule in rules]
    reason = sa.case(*whens, else_=late) if whens else sa.literal(late)
    among: sa.ColumnElement[bool] = sa.true()
    if rule.per_pledge:
        among = _answered(rule).is_not(None)
    if rule.step:
        among = sa.and_(among, *_in_time(rule, rule.step))
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
            .where(considered(rule), among, ~in_audience),
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
    parts = rule.segment.parts
    if rule.per_pledge and not rule.segment.wants_pledge:
        parts = (*parts, Happened(PLEDGED))
    at = Moment(now, renewals=rule.renewals or not rule.per_pledge)
    clauses = [(outside(part), condition(part, at)) for part in parts]
    if rule.step:
        clauses.append((NOT_DUE, _answered(rule) < rule.step.until))
    if rule.follows is None:
        return clauses
    doubt = condition(Happened("in doubt in", rule.follows.edition), at)
    return [(f"in doubt in {rule.follows.edition}: settle it first", ~doubt), *clauses]


def considered(rule: Rule) -> sa.ColumnElement[bool]:
    """Return SQL: nobody who was erased, but whom a follow-up has to account for all the same."""
    there = contact.c.erased_at.is_(None)
    if rule.follows is None:
        return there
    origin = sa.select(edition.c.id).where(edition.c.name == rule.follows.edition)
    mine = delivery.c.contact_id == contact.c.id
    had = sa.exists().where(mine, delivery.c.edition_id == origin.scalar_subquery())
    return sa.or_(there, had.correlate(contact))


def outside(part: Expression) -> str:
    """Return the reason given to whoever a rule of the segment leaves out."""
    said = words_why_not(part)
    cut = said if len(said) <= LONGEST_REASON else f"{said[: LONGEST_REASON - 1]}…"
    return f"outside the audience: {cut}"


def selected(rule: Rule, now: datetime) -> sa.ColumnElement[bool]:
    """Return SQL over `contact` and `organisation`: whom the rule selects, mailable or not."""
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
