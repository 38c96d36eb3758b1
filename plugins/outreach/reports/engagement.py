"""Engagement as people read it: the latest editions, and the last London days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from outreach.clock import LONDON
from outreach.engagement import rollup
from outreach.engagement.rollup import Engagement, EngagementDay
from outreach.ledger import views
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["Engagement", "EngagementDay", "EngagementReport", "engagement"]

DAYS = 28


@dataclass(frozen=True, slots=True)
class EngagementReport:
    """The newest editions that were handed over, and the last `days` London days.

    `by_day` has every day, those without news included; `with_news` only the others.
    """

    editions: tuple[Engagement, ...]
    by_day: tuple[EngagementDay, ...]
    with_news: tuple[EngagementDay, ...]
    days: int
    days_simulated: bool


def engagement(
    ws: Workspace, *, now: datetime | None = None, days: int = DAYS, limit: int = 25
) -> EngagementReport:
    """Return the engagement of the latest `limit` editions and of the last `days` London days."""
    today = (now or datetime.now(UTC)).astimezone(LONDON).date()
    first = today - timedelta(days=days - 1)
    with reading(ws.engine) as connection:
        names = [row.name for row in views.editions(connection, limit=limit)]
    figures = (rollup.engagement(ws, name) for name in names)
    news = {row.day: row for row in rollup.engagement_by_day(ws) if first <= row.day <= today}
    every_day = (first + timedelta(days=number) for number in range(days))
    return EngagementReport(
        editions=tuple(row for row in figures if row.accepted),
        by_day=tuple(news.get(day, EngagementDay(day)) for day in every_day),
        with_news=tuple(news.values()),
        days=days,
        days_simulated=rollup.any_simulated(ws),
    )
