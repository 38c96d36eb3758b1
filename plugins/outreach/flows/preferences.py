"""What a reader chooses on the preferences page. It never lifts a suppression."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.domain import BasisKind, Purpose, SuppressionReason
from outreach.errors import InputError, TokenError
from outreach.flows.objections import unsubscribe
from outreach.keys import UNSUBSCRIBE
from outreach.ledger import bases, tracking
from outreach.ledger.bases import Withdrawal
from outreach.ledger.objections import Objection, addresses_of, suppress
from outreach.ledger.tracking import Choice

if TYPE_CHECKING:
    from outreach.workspace import Workspace

PAGE = "preferences page"
WORDING = "preferences-1"
"""The version of the words above the choice about clicks; a new text needs a new one."""

MAIL = ("keep", "fewer", "none")
CLICKS = ("keep", "no", "yes")


def choose(ws: Workspace, token: str, *, mail: str, clicks: str) -> None:
    """Take in a reader's choices behind the link of one of their messages, at once.

    `mail`: "keep", "fewer" (no direct marketing) or "none". `clicks`: "keep", "no" or "yes".
    Raises TokenError where the link is not one that we gave out, InputError for other words.
    """
    edition_id, contact_id = ws.keys.open_delivery_id(ws.keys.verify(UNSUBSCRIBE, token))
    if mail not in MAIL or clicks not in CLICKS:
        raise InputError("choose one of the answers on the page")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        hashes = addresses_of(connection, edition_id, contact_id)
        if not hashes:
            raise TokenError("this link belongs to a message that is no longer known")
        if mail == "fewer":
            purpose = Purpose.DIRECT_MARKETING.value
            why = SuppressionReason.UNSUBSCRIBED
            objections = [Objection(one, why, now, scope=purpose) for one in hashes]
            suppress(connection, objections, origin=PAGE, now=now)
            how = Withdrawal("the reader", PAGE, now)
            bases.withdraw(connection, contact_id, how, kinds=(BasisKind.CONSENT,), purpose=purpose)
        if clicks != "keep":
            tracking.choose(
                connection,
                Choice(contact_id, clicks == "yes", "their own choice", PAGE, now, WORDING),
            )
    if mail == "none":
        unsubscribe(ws, token, PAGE)
