"""Withdraw a pledge. What was sent on it stays as it is; nothing more goes out on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.errors import NotFound
from outreach.flows.who import address_of, audit, named
from outreach.ledger import pledges
from outreach.ledger.pledges import PledgeWithdrawal

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def withdraw_pledge(ws: Workspace, address: str, *, by: str, via: str, reason: str) -> int:
    """Withdraw every standing pledge of a person, from the next claim on; return how many.

    No import of the old rows brings them back. Raises NotFound where none stands, and Refused
    without a name and a reason.
    """
    why = named(by, reason, "a pledge is withdrawn")
    plain = address_of(address)
    how = PledgeWithdrawal(by, why, datetime.now(UTC))
    with ws.engine.begin() as connection:
        ended = pledges.withdraw_all(connection, ws.keys.address_hash(plain), how)
    if not ended:
        raise NotFound("no pledge of this address stands")
    audit(ws, plain, "withdraw pledge", by, via, f"pledges withdrawn: {ended}")
    return ended
