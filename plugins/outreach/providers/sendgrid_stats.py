"""What SendGrid itself counts for one edition: sums by category, and nothing of any person."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import httpx

from outreach.errors import ConfigError, NotSent
from outreach.providers.base import ProviderCounts
from outreach.providers.sendgrid import client
from outreach.providers.sendgrid_payload import category_of
from outreach.settings import Settings

_DROPS = ("bounce_drops", "spam_report_drops", "unsubscribe_drops", "invalid_emails")
_PATH = "/v3/categories/stats"


def counted(settings: Settings, campaign: str, edition_mark: str, since: date) -> ProviderCounts:
    """Return SendGrid's figures for an edition's category, from the day before `since` on.

    SendGrid's days are those of its account's zone, hence the day before. Raises ConfigError
    where the key may not read them, NotSent where SendGrid cannot be reached or answers
    something else.
    """
    category = category_of(campaign, edition_mark)
    query = {
        "start_date": (since - timedelta(days=1)).isoformat(),
        "categories": category,
        "aggregated_by": "day",
    }
    sums: Counter[str] = Counter()
    for day in _days(settings, query):
        sums.update(_metrics(day, category))
    return ProviderCounts(
        requests=sums["requests"],
        delivered=sums["delivered"],
        bounced=sums["bounces"],
        blocked=sums["blocks"],
        dropped=sum(sums[name] for name in _DROPS),
        deferred=sums["deferred"],
        complained=sums["spam_reports"],
        unsubscribed=sums["unsubscribes"],
    )


def _days(settings: Settings, query: dict[str, str]) -> list[Any]:
    try:
        with client(settings) as http:
            reply = http.get(_PATH, params=query)
            if reply.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                raise ConfigError(
                    f"SendGrid answered {reply.status_code} to {_PATH}: the API key needs read "
                    "access to category stats (scope categories.stats.read)"
                )
            days = reply.json() if reply.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError) as error:
        raise NotSent(f"SendGrid's {_PATH} could not be read ({type(error).__name__})") from None
    if not isinstance(days, list):
        raise NotSent(f"SendGrid answered {reply.status_code} to {_PATH}; try again later")
    return days


def _metrics(day: Any, category: str) -> dict[str, int]:
    """Return one day's figures of this category alone, whatever else the answer holds."""
    found: Counter[str] = Counter()
    for one in day.get("stats") or () if isinstance(day, dict) else ():
        if isinstance(one, dict) and one.get("name") == category:
            metrics = one.get("metrics") or {}
            found.update({k: v for k, v in metrics.items() if isinstance(v, int)})
    return dict(found)
