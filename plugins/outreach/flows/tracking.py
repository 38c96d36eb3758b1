"""Whether a person's own clicks may be counted: their choice, apart from consent to mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.errors import Refused
from outreach.flows.who import audit, contact_of
from outreach.ledger import tracking as ledger
from outreach.ledger.tracking import Choice

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def choose_tracking(
    ws: Workspace,
    address: str,
    given: bool,
    *,
    evidence: str = "",
    wording_version: str = "",
    by: str,
    via: str,
) -> bool:
    """Record a choice from the next edition on; return whether it differs from the last.

    Consent needs its evidence, withdrawing it needs nothing. Raises NotFound where the address
    is no contact, and Refused for consent without evidence.
    """
    number = contact_of(ws, address)
    if given and not evidence.strip():
        raise Refused("consent needs its evidence: when and how this person gave it")
    choice = Choice(number, given, evidence.strip(), by, datetime.now(UTC), wording_version.strip())
    with ws.engine.begin() as connection:
        changed = ledger.choose(connection, choice)
    if changed:
        said = "given" if given else "withdrawn"
        audit(ws, address, "consent to count clicks", by, via, said)
    return changed
