"""How many people a rule selects now, how many of them would be written to, and some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.ledger.audience import (
    GOAL_REACHED,
    PLEDGED,
    Rule,
    considered,
    latest_pledge,
    select_candidates,
    selected,
)
from outreach.ledger.caps import full
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, organisation
from outreach.ledger.placing import AS_READ

LARGE = 200_000
"""Contacts from which on counting is no matter of a moment."""


@dataclass(frozen=True, slots=True)
class Tally:
    """People whom a rule selects. `why_not`: reason -> those who would not be written to."""

    selected: int
    why_not: Mapping[str, int]

    @property
    def written_to(self) -> int:
        """How many would be written to."""
        return self.selected - sum(self.why_not.values())


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One person whom a rule selects; `why_not` is why they would not be written to, or ''."""

    id: int
    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    organisation: str
    job_role: str
    sector: str
    ics_area: str
    borough: str
    why_not: str


def tally(connection: sa.Connection, rule: Rule, purpose: Purpose | None, now: datetime) -> Tally:
    """Count whom a rule selects at `now`; `purpose` None asks for any purpose at all."""
    if rule.per_pledge:
        # Whether a pledge was answered is known by its occasion, which no SQL spells.
        found = Counter(one.why_not for one in select_candidates(connection, rule, "", now))
        return _tallied(found)
    inner = (
        sa.select(
            contact.c.id,
            not_mailable(purpose).label("why"),
            latest_pledge().is_not(None).label("reached"),
        )
        .select_from(contact.outerjoin(organisation))
        .where(selected(rule, now), considered(rule))
        .subquery()
    )
    people: sa.FromClause = inner
    whens = [(inner.c.why != "", inner.c.why)]
    if rule.goal == PLEDGED:
        whens.append((inner.c.reached, sa.literal(GOAL_REACHED)))
    if rule.capped and rule.cap:
        often = full(rule.cap, now).subquery()
        people = inner.outerjoin(often, often.c.contact_id == inner.c.id)
        whens.append((often.c.contact_id.is_not(None), sa.literal(rule.cap.reason)))
    why = sa.case(*whens, else_="").label("why_not")
    query = sa.select(why, sa.func.count()).select_from(people).group_by(why)
    return _tallied(dict(connection.execute(query).all()))


def _tallied(found: Mapping[str, int]) -> Tally:
    why_not = {why: people for why, people in sorted(found.items()) if why}
    return Tally(sum(found.values()), why_not)


def sample(
    connection: sa.Connection, rule: Rule, purpose: Purpose | None, now: datetime, most: int
) -> tuple[SampleRow, ...]:
    """Return up to `most` people whom a rule selects: the same ones each time, and by no order
    that means anything (that of their keyed hashes)."""
    named = sa.func.coalesce(organisation.c.name, "")
    query = (
        sa.select(
            contact.c.id,
            sa.func.coalesce(contact.c.email, ""),
            contact.c.first_name,
            contact.c.last_name,
            sa.case((named != "", named), else_=contact.c.organisation_name),
            contact.c.job_role,
            *AS_READ,
            not_mailable(purpose),
        )
        .select_from(contact.outerjoin(organisation))
        .where(selected(rule, now), considered(rule))
        .order_by(contact.c.address_hash)
        .limit(most)
    )
    rows = [
        (*row[:6], row.read_sector, row.read_ics_area, row.read_borough, row[-1])
        for row in connection.execute(query)
    ]
    return tuple(SampleRow(*row) for row in rows)


def is_large(connection: sa.Connection) -> bool:
    """Whether there are so many contacts that nobody should wait for a count unasked."""
    newest = connection.execute(sa.select(sa.func.max(contact.c.id))).scalar()
    return (newest or 0) > LARGE
