"""One person's message in a browser, from what was frozen for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outreach.errors import NotFound
from outreach.flows.accounts import made_with
from outreach.flows.composing import recipient
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
    if frozen is None or frozen.values is None or frozen.content is None:
        raise NotFound("this message is no longer kept")
    # Where the public pages stand today, so that the link to unsubscribe works for ever.
    made = made_with(ws, frozen, base=ws.settings.public_url)
    if made.token_kid not in ws.keys.tokens:
        made = replace(made, token_kid=ws.keys.signing_kid)
    one = recipient(ws, delivery_id, "", frozen.values, made)
    values = with_links(one.values, one.unsubscribe_url, f"{ws.settings.public_url}/view/{token}")
    return message(from_json(frozen.content, frozen.format), values).html
