"""Who an edition is from, and where answers to it go."""

from __future__ import annotations

from outreach.domain import Mailbox
from outreach.errors import ConfigError
from outreach.flows.readiness import made_up
from outreach.workspace import Workspace


def sender_mailbox(ws: Workspace, campaign_sender: Mailbox | None) -> Mailbox:
    """Return who an edition is from: the campaign's sender, OUTREACH_FROM, or the hub's.

    Raises ConfigError in production where that is nobody but the made-up sender of hub.yaml.
    """
    named = campaign_sender or ws.settings.sender
    if named is None and ws.settings.production and made_up(ws.hub.sender):
        raise ConfigError(
            f"{ws.hub.sender.address} is made up: in production set OUTREACH_FROM, or sender in "
            "hub.yaml, to an address of your own domain"
        )
    return named or ws.hub.sender


def reply_to_mailbox(ws: Workspace, campaign_reply_to: Mailbox | None) -> Mailbox | None:
    """Return where answers go: the campaign's, OUTREACH_REPLY_TO, or the hub's.

    The hub's own goes with the hub's own sender only: OUTREACH_FROM alone is answered itself.
    """
    hubs = None if ws.settings.sender else ws.hub.reply_to
    return campaign_reply_to or ws.settings.reply_to or hubs
