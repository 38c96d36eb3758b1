"""Batches to hand over, with made-up people."""

from __future__ import annotations

from datetime import UTC, datetime

from outreach.domain import Mailbox
from outreach.providers.base import Content, Handover, Pieces, Recipient

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

CONTENT = Content(
    subject=Pieces(("News for ", ""), (2,)),
    text=Pieces(("Dear ", ",\n\nIn ", " we...\n\nStop: ", "\n"), (2, 3, 0)),
    html=Pieces(("<p>Dear ", ",</p><p>In ", " we...</p><p><a href='", "'>Stop</a></p>"), (2, 3, 0)),
)


def recipient(number: int, name: str = "", area: str = "Camden") -> Recipient:
    url = f"https://outreach.example.org/unsubscribe/k1.0.person{number}.aaaaaaaaaaaaaaaaaaaaaa"
    return Recipient(
        delivery_id=f"delivery{number}",
        address=f"person{number}@example.org",
        values=(url, f"https://outreach.example.org/view/{number}", name or f"Name{number}", area),
        unsubscribe_url=url,
    )


def handover(*recipients: Recipient, content: Content = CONTENT) -> Handover:
    return Handover(
        reference="batch1",
        campaign="what-is-wres",
        occurrence="2026-11-23",
        sender=Mailbox("hub@example.org", "NCL Training Hub"),
        reply_to=Mailbox("replies@example.org"),
        content=content,
        recipients=recipients,
        at=AT,
    )
