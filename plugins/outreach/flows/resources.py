"""What a person says of a resource: withdrawn, so that it goes in no digest, or not any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.errors import Refused
from outreach.ledger import resource_views as ledger
from outreach.ledger.edition_store import note

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def withdraw(ws: Workspace, number: int, *, by: str, via: str, reason: str) -> tuple[str, ...]:
    """Keep a resource out of every digest; who said so and why is kept, and no import undoes it.

    Returns the editions that carry it and have people left to send to: whoever was to get it
    there gets none of it. Raises NotFound, and Refused without a name and a reason, or where it
    is withdrawn already.
    """
    return _mark(ws, number, "withdraw resource", by=by, via=via, reason=reason)


def restore(ws: Workspace, number: int, *, by: str, via: str, reason: str) -> None:
    """Let a withdrawn resource go in digests again; it is as new as the day it was published.

    Raises NotFound, and Refused without a name and a reason, or where it is not withdrawn.
    """
    _mark(ws, number, "restore resource", by=by, via=via, reason=reason)


def _mark(
    ws: Workspace, number: int, action: str, *, by: str, via: str, reason: str
) -> tuple[str, ...]:
    who, why = by.strip(), " ".join(reason.split())[:300]
    if not who or not why:
        raise Refused("a resource is withdrawn, or restored, by a named person with a reason")
    withdrawing, now = action.startswith("withdraw"), datetime.now(UTC)
    with ws.engine.begin() as connection:
        found = ledger.resource_numbered(connection, number)
        if bool(found.withdrawn_at) == withdrawing:
            state = "withdrawn already" if withdrawing else "not withdrawn"
            raise Refused(f"“{found.title}” is {state}")
        ledger.set_withdrawn(connection, number, now if withdrawing else None, by=who, reason=why)
        note(
            connection,
            at=now,
            who=who,
            via=via,
            action=action,
            subject=f"resource {number}",
            detail=why,
        )
        return ledger.open_editions_with(connection, number)
