"""What became of what was sent: per edition, and by London day. People and machines apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from outreach.clock import LONDON
from outreach.domain import ACCEPTED_OR_LATER
from outreach.ledger.editions import delivery, edition, event
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

FACTS = (
    "delivered",
    "opened",
    "machine_opened",
    "clicked",
    "machine_clicked",
    "unsubscribed",
    "complained",
    "bounced",
)
"""Facts beside the state: the delivery columns `<fact>_at`, each the first time it was so."""


@dataclass(frozen=True, slots=True)
class EngagementRow:
    """One edition's numbers, each a count of people. `machine_*` counts people for whom only a
    machine (a mail scanner, a privacy proxy) did so. `simulated` where any event was made up."""

    edition: str
    title: str
    started_at: datetime | None
    accepted: int
    delivered: int
    opened: int
    machine_opened: int
    clicked: int
    machine_clicked: int
    unsubscribed: int
    complained: int
    bounced: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class DayRow:
    """The people for whom each fact first became true on one London day."""

    day: date
    delivered: int = 0
    opened: int = 0
    machine_opened: int = 0
    clicked: int = 0
    machine_clicked: int = 0
    unsubscribed: int = 0
    complained: int = 0
    bounced: int = 0

    @property
    def any(self) -> bool:
        """Whether anything happened on this day."""
        return any(getattr(self, fact) for fact in FACTS)


class _UtcHour(sa.sql.functions.GenericFunction[str]):
    """SQL: an instant's UTC hour as "YYYY-MM-DDTHH". London is a whole number of hours off."""

    name = "outreach_utc_hour"
    type = sa.Text()
    inherit_cache = True


@compiles(_UtcHour, "sqlite")
def _sqlite_hour(element: _UtcHour, compiler: Any, **kwargs: Any) -> str:
    return f"strftime('%Y-%m-%dT%H', {compiler.process(element.clauses, **kwargs)})"


@compiles(_UtcHour, "postgresql")
def _postgresql_hour(element: _UtcHour, compiler: Any, **kwargs: Any) -> str:
    instant = compiler.process(element.clauses, **kwargs)
    return f"to_char(({instant}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')"


def engagement(
    connection: sa.Connection, edition_ids: Collection[int]
) -> tuple[EngagementRow, ...]:
    """Return each edition's engagement, newest first."""
    taken = EFFECTIVE.in_([state.value for state in ACCEPTED_OR_LATER])
    simulated = (
        sa.exists()
        .where(event.c.edition_id == edition.c.id, event.c.simulated.is_(True))
        .correlate(edition)
    )
    query = (
        sa.select(
            edition.c.name,
            edition.c.title,
            edition.c.started_at,
            _people(taken),
            *(_people(_only(fact)) for fact in FACTS),
            simulated,
        )
        .select_from(edition.join(WITH_BATCH, delivery.c.edition_id == edition.c.id))
        .where(edition.c.id.in_(edition_ids))
        .group_by(edition.c.id)
        .order_by(edition.c.id.desc())
    )
    return tuple(EngagementRow(*row) for row in connection.execute(query))


def by_day(
    connection: sa.Connection, *, since: datetime, edition_id: int | None = None
) -> tuple[DayRow, ...]:
    """Return the facts from `since` on, one row per London day with any, oldest day first."""
    days: dict[date, Counter[str]] = {}
    for fact in FACTS:
        for hour, people in connection.execute(_by_hour(fact, since, edition_id)):
            day = datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC).astimezone(LONDON)
            days.setdefault(day.date(), Counter())[fact] += people
    return tuple(DayRow(day, **counts) for day, counts in sorted(days.items()))


def any_simulated(connection: sa.Connection, *, since: datetime) -> bool:
    """Return whether any event that happened since then was made up for a demonstration."""
    query = sa.select(event.c.id).where(event.c.simulated.is_(True), event.c.occurred_at >= since)
    return connection.execute(query.limit(1)).first() is not None


def _by_hour(fact: str, since: datetime, edition_id: int | None) -> sa.Select[Any]:
    instant = delivery.c[f"{fact}_at"]
    hour = sa.func.outreach_utc_hour(instant)
    query = sa.select(hour, sa.func.count()).where(instant >= since, _only(fact)).group_by(hour)
    return query if edition_id is None else query.where(delivery.c.edition_id == edition_id)


def _only(fact: str) -> sa.ColumnElement[bool]:
    """SQL: the fact is true; of a machine's fact, that no person's fact stands beside it."""
    is_so = delivery.c[f"{fact}_at"].is_not(None)
    if not fact.startswith("machine_"):
        return is_so
    persons = delivery.c[f"{fact.removeprefix('machine_')}_at"]
    return sa.and_(is_so, persons.is_(None))


def _people(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
