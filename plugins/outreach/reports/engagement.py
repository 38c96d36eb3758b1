"""Engagement as people read it: each edition, and each London day, with honest denominators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from outreach.clock import LONDON
from outreach.ledger import views, views_engagement
from outreach.ledger.engine import reading
from outreach.ledger.views_engagement import DayRow, EngagementRow

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["DayRow", "EngagementReport", "EngagementRow", "engagement"]

DAYS = 28


@dataclass(frozen=True, slots=True)
class EngagementReport:
    """The newest editions that were handed over, and the last `days` London days."""

    editions: tuple[EngagementRow, ...]
    by_day: tuple[DayRow, ...]
    days: int
    days_simulated: bool


def engagement(
    ws: Workspace, *, now: datetime | None = None, days: int = DAYS, limit: int = 25
) -> EngagementReport:
    """Return the engagement of the latest `limit` editions and of the last `days` London days,
    one row per day, those without news included."""
    now = now or datetime.now(UTC)
    today = now.astimezone(LONDON).date()
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=LONDON)
    with reading(ws.engine) as connection:
        ids = [row.id for row in views.editions(connection, limit=limit)]
        rows = views_engagement.engagement(connection, ids)
        found = {row.day: row for row in views_engagement.by_day(connection, since=since)}
        simulated = views_engagement.any_simulated(connection, since=since)
    every_day = (first + timedelta(days=number) for number in range(days))
    return EngagementReport(
        editions=tuple(row for row in rows if row.accepted),
        by_day=tuple(found.get(day, DayRow(day)) for day in every_day),
        days=days,
        days_simulated=simulated,
    )
