"""One person's message in a browser, from what was frozen for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.errors import NotFound
from outreach.flows.links import links
from outreach.keys import VIEW
from outreach.ledger.engine import reading
from outreach.ledger.messages import frozen_message
from outreach.rendering.compose import message, with_links
from outreach.rendering.frozen import from_json

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def view(ws: Workspace, token: str) -> str:
    """Return the HTML of the message behind a view link.

    Raises TokenError where the link is not one of ours or has expired, NotFound where what it
    showed has been erased.
    """
    delivery_id = ws.keys.verify(VIEW, token)
    edition_id, contact_id = ws.keys.open_delivery_id(delivery_id)
    with reading(ws.engine) as connection:
        frozen = frozen_message(connection, edition_id, contact_id)
    if frozen is None or frozen.values is None:
        raise NotFound("this message is no longer kept")
    unsubscribe, _ = links(ws, delivery_id)
    values = with_links(frozen.values, unsubscribe, f"{ws.settings.public_url}/view/{token}")
    return message(from_json(frozen.content, frozen.format), values).html
