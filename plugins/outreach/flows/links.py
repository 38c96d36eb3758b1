"""The personal links of one delivery: to unsubscribe, and to read it in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from outreach.keys import UNSUBSCRIBE, VIEW
from outreach.workspace import Workspace

WITHDRAWN = "withdrawn"
"""Stands where a link's token was, once the key that signed it has been taken away."""

COPY = "a-copy-for-colleagues"
"""Stands where a link's token is, in a test or a copy: it leads to a page that says so."""

VIEW_LASTS = timedelta(days=400)
"""How long a view-in-browser link works."""


def links(
    ws: Workspace,
    delivery_id: str,
    kid: str = "",
    since: datetime | None = None,
    base: str = "",
) -> tuple[str, str]:
    """Return the unsubscribe link and the view link of a delivery, signed with key `kid`.

    An unsubscribe link never expires; a view link does, `VIEW_LASTS` after `since` (default: now).
    `base` is where they lead (default: OUTREACH_PUBLIC_URL). A key that was taken away signs
    nothing: its links end in `WITHDRAWN`.
    """
    (unsubscribe,), (view,) = links_of_all(ws, (delivery_id,), kid, since, base)
    return unsubscribe, view


def links_of_all(
    ws: Workspace,
    delivery_ids: Sequence[str],
    kid: str = "",
    since: datetime | None = None,
    base: str = "",
) -> tuple[list[str], list[str]]:
    """Return the unsubscribe links and the view links of many deliveries, as `links` does."""
    base = base or ws.settings.public_url
    unsubscribe, view = f"{base}/unsubscribe/", f"{base}/view/"
    if kid and kid not in ws.keys.tokens:
        number = len(delivery_ids)
        return [unsubscribe + WITHDRAWN] * number, [view + WITHDRAWN] * number
    ends = int(((since or datetime.now(UTC)) + VIEW_LASTS).timestamp())
    sign = ws.keys.sign_all
    return (
        sign(UNSUBSCRIBE, delivery_ids, kid=kid, before=unsubscribe),
        sign(VIEW, delivery_ids, kid=kid, expires=ends, before=view),
    )


def copy_links(ws: Workspace) -> tuple[str, str]:
    """Return the unsubscribe link and the view link of a test or a copy: both change nothing."""
    base = ws.settings.public_url
    return f"{base}/unsubscribe/{COPY}", f"{base}/view/{COPY}"
