"""A segment's rule -> SQL over `contact` with `organisation` outer-joined.

Never null: whoever a rule does not hold for is selected by its opposite. What a field or a fact
is made of stands in `segments/vocabulary.py`; only what is no column and no delivery is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import AGAIN, DeliveryState
from outreach.ledger.editions import batch, campaign, delivery, edition
from outreach.ledger.people import contact, organisation, pledge
from outreach.ledger.placing import BOROUGH, ICS_AREA, SECTOR
from outreach.ledger.states import WITH_BATCH
from outreach.segments.tree import And, Contains, Expression, Happened, Is, Known, Not, Or
from outreach.segments.vocabulary import FACTS, FIELDS, Fact, fold

Condition = sa.ColumnElement[bool]

_PLACED = {"sector": SECTOR, "ics_area": ICS_AREA, "borough": BOROUGH}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rule is asked, once for all it asks; `renewals`: whether a pledge that renews an
    earlier one counts."""

    now: datetime
    renewals: bool = True


def condition(rule: Expression, at: Moment) -> Condition:
    """Return SQL that holds for whom the rule selects."""
    if isinstance(rule, And):
        return sa.and_(*(condition(one, at) for one in rule.parts))
    if isinstance(rule, Or):
        return sa.or_(*(condition(one, at) for one in rule.parts))
    if isinstance(rule, Not):
        return sa.not_(condition(rule.inner, at))
    if isinstance(rule, Happened):
        return _happened(rule, at)
    return _compared(rule)


def _compared(rule: Expression) -> Condition:
    if isinstance(rule, Is):
        wanted = sorted({fold(one) for one in rule.values})
        return sa.or_(*(_folded(one, rule.values).in_(wanted) for one in _columns(rule.name)))
    if isinstance(rule, Contains):
        part = fold(rule.part)
        columns = _columns(rule.name)
        return sa.or_(*(_folded(one, [part]).contains(part, autoescape=True) for one in columns))
    if isinstance(rule, Known):
        return sa.or_(*(one != "" for one in _columns(rule.name)))
    return sa.true()


def _columns(name: str) -> list[sa.ColumnElement[str]]:
    field = FIELDS[name]
    return [_column(read, field.otherwise) for read in field.reads]


def _column(read: str, otherwise: str) -> sa.ColumnElement[str]:
    table, _, column = read.partition(".")
    if table == "placed":
        return _PLACED[column]
    if table == "organisation":
        return sa.func.coalesce(organisation.c[column], otherwise)
    return contact.c[column]


def _folded(column: sa.ColumnElement[str], texts: Iterable[str]) -> sa.ColumnElement[str]:
    """SQLite makes only A to Z small: the other letters that are asked for are named."""
    small: sa.ColumnElement[str] = sa.func.lower(column)
    for one in sorted({letter for text in texts for letter in fold(text) if letter > "\x7f"}):
        if one.upper() != one and fold(one.upper()) == one:
            small = sa.func.replace(small, one.upper(), one)
    return small


def _happened(rule: Happened, at: Moment) -> Condition:
    if rule.name == "shared":
        return contact.c.shared_mailbox.is_(sa.true())
    since = _since(rule, at.now)
    if rule.name == "pledged":
        return _pledged(since, renewals=at.renewals)
    if rule.name.startswith("organisation "):
        known = contact.c.organisation_id.is_not(None)
        among = contact.c.organisation_id.in_(_pledged_organisations(since))
        return sa.and_(known, among if rule.name == "organisation pledged" else ~among)
    return _delivered(FACTS[rule.name], rule.of, since)


def _since(rule: Happened, now: datetime) -> datetime | None:
    if rule.since:
        return datetime.combine(rule.since, time(), LONDON)
    return now - timedelta(days=rule.days) if rule.days else None


def _pledged(since: datetime | None, *, renewals: bool) -> Condition:
    mine = [pledge.c.contact_id == contact.c.id, pledge.c.withdrawn_at.is_(None)]
    if not renewals:
        mine.append(pledge.c.renewal.is_(sa.false()))
    if since:
        mine.append(pledge.c.pledged_at >= since)
    return sa.exists().where(*mine).correlate(contact)


def _pledged_organisations(since: datetime | None) -> sa.Select[int]:
    """Where anybody has a standing pledge: looked up once, not for each contact."""
    colleague = contact.alias("colleague")
    query = (
        sa.select(colleague.c.organisation_id)
        .distinct()
        .join(pledge, pledge.c.contact_id == colleague.c.id)
        .where(pledge.c.withdrawn_at.is_(None), colleague.c.organisation_id.is_not(None))
    )
    return query.where(pledge.c.pledged_at >= since) if since else query


def _delivered(fact: Fact, of: str, since: datetime | None) -> Condition:
    asked = [delivery.c.contact_id == contact.c.id]
    if fact.states:
        asked.append(_in_state(fact.states))
    if fact.moment:
        moment = delivery.c[fact.moment]
        asked.append(moment >= since if since else moment.is_not(None))
    elif since:
        # The claim of the recovered is only in the journal, which says nothing of when it was.
        claimed = sa.and_(batch.c.claimed_at >= since, delivery.c.recovered_at.is_(None))
        asked.append(sa.or_(claimed, delivery.c.recovered_at >= since))
    if fact.of == "edition":
        asked.append(delivery.c.edition_id.in_(_editions(of, fact)))
    if fact.of == "campaign":
        asked.append(delivery.c.campaign_id == _campaign(of))
    one = sa.select(sa.literal(1)).select_from(WITH_BATCH).where(*asked)
    return one.correlate(contact).exists()


def _in_state(states: frozenset[DeliveryState]) -> Condition:
    """Whether the effective state is one of these, of which none is `planned`.

    Column by column: of what `EFFECTIVE` gives PostgreSQL knows nothing, takes it to be rare,
    and then looks up each one by itself.
    """
    wanted = sorted(states)
    as_batch = sa.and_(delivery.c.state.is_(None), batch.c.state.in_(wanted))
    return sa.or_(delivery.c.state.in_(wanted), as_batch)


def _editions(name: str, fact: Fact) -> sa.Select[int]:
    names = [edition.c.name == name]
    if fact.resends:
        names.append(edition.c.name.startswith(f"{name}{AGAIN}", autoescape=True))
    return sa.select(edition.c.id).where(sa.or_(*names))


def _campaign(slug: str) -> sa.ScalarSelect[int]:
    return sa.select(campaign.c.id).where(campaign.c.slug == slug).scalar_subquery()
