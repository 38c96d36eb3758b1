"""SendGrid's suppression lists, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from outreach.domain import EventType
from outreach.errors import ConfigError, NotSent
from outreach.providers.filling import without_addresses
from outreach.providers.sendgrid import client
from outreach.settings import Settings

LISTS: dict[str, EventType] = {
    "bounces": EventType.BOUNCED,
    "blocks": EventType.BLOCKED,
    "invalid_emails": EventType.BOUNCED,
    "spam_reports": EventType.COMPLAINED,
    "unsubscribes": EventType.UNSUBSCRIBED,
}
"""SendGrid's lists under /v3/suppression/ and what being on one means."""

PAGE = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One address on one of SendGrid's lists. `address` never leaves memory."""

    list_name: str
    type: EventType
    address: str
    at: datetime
    reason: str = ""


def listed(settings: Settings) -> Iterator[list[Listed]]:
    """Yield every page of every list.

    Raises ConfigError where the key may not read them, NotSent where SendGrid cannot be reached
    or answers something else.
    """
    with client(settings) as http:
        for name, kind in LISTS.items():
            yield from _pages(http, name, kind)
        rows = _get(http, "/v3/asm/suppressions", {})
        yield _readable("asm", EventType.UNSUBSCRIBED, rows)


def _pages(http: httpx.Client, name: str, kind: EventType) -> Iterator[list[Listed]]:
    offset = 0
    while True:
        rows = _get(http, f"/v3/suppression/{name}", {"limit": PAGE, "offset": offset})
        yield _readable(name, kind, rows)
        if len(rows) < PAGE:
            return
        offset += len(rows)


def _get(http: httpx.Client, path: str, query: dict[str, int]) -> list[Any]:
    try:
        reply = http.get(path, params=query)
        if reply.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise ConfigError(
                f"SendGrid answered {reply.status_code} to {path}: the API key needs the scopes "
                "suppression.read and asm.groups.suppressions.read"
            )
        rows = reply.json() if reply.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError) as error:
        raise NotSent(f"SendGrid's {path} could not be read ({type(error).__name__})") from None
    if not isinstance(rows, list):
        raise NotSent(f"SendGrid answered {reply.status_code} to {path}; try again later")
    return rows


def _readable(name: str, kind: EventType, rows: list[Any]) -> list[Listed]:
    return [one for row in rows if (one := _read(name, kind, row))]


def _read(name: str, kind: EventType, row: Any) -> Listed | None:
    if not isinstance(row, dict) or "@" not in str(row.get("email", "")):
        return None
    try:
        created = float(row.get("created") or row.get("created_at") or "")
        at = datetime.fromtimestamp(created, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        at = datetime.now(UTC)
    reason = " ".join(without_addresses(str(row.get("reason", ""))).split())[:200]
    return Listed(name, kind, str(row["email"]), at, reason)
