"""What a message is put together from: the same when it is sent and whenever it is shown again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.flows.links import links_of_all
from outreach.ledger.edition_store import EditionRecord
from outreach.providers.base import Content, Handover, Recipient
from outreach.providers.people import People
from outreach.rendering.compose import with_links
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Made:
    """What a claim's links are made with: the signing key's id, where they lead, and when."""

    token_kid: str
    link_base: str
    at: datetime


def recipient(
    ws: Workspace, delivery_id: str, address: str, values: Sequence[str], made: Made
) -> Recipient:
    """Return one person of a batch, their links in their slots."""
    return recipients(ws, (delivery_id,), (address,), (values,), made)[0]


def recipients(
    ws: Workspace,
    delivery_ids: Sequence[str],
    addresses: Sequence[str],
    values: Sequence[Sequence[str]],
    made: Made,
) -> Sequence[Recipient]:
    """Return the people of a batch in their order, their links in their slots."""
    unsubscribe, view = links_of_all(
        ws, delivery_ids, kid=made.token_kid, since=made.at, base=made.link_base
    )
    if len(set(map(len, values))) > 1:
        rows = map(with_links, values, unsubscribe, view)
        return tuple(map(Recipient, delivery_ids, addresses, rows, unsubscribe))
    slots = with_links(tuple(zip(*values, strict=True)), unsubscribe, view)
    return People(delivery_ids, addresses, slots, unsubscribe)


def handover(
    ws: Workspace,
    record: EditionRecord,
    number: int,
    content: Content,
    recipients: Sequence[Recipient],
    at: datetime,
) -> Handover:
    """Return batch `number` of an edition as its provider is given it."""
    return Handover(
        reference=f"{record.name}#{number}",
        campaign=record.campaign,
        occurrence=record.occurrence,
        sender=record.sender,
        reply_to=record.reply_to,
        content=content,
        recipients=recipients,
        at=at,
        edition_mark=ws.keys.edition_mark(record.name),
    )
