"""What a person says of an organisation: its subscriber type, which no import undoes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.domain import SubscriberType
from outreach.errors import InputError, Refused
from outreach.ledger import organisation_views as ledger
from outreach.ledger.edition_store import note

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def set_subscriber_type(
    ws: Workspace, ods_code: str, kind: str, *, by: str, via: str, reason: str
) -> None:
    """Say whether an organisation is corporate, individual or unknown; who said it and why is kept.

    Raises NotFound for a code that is not there, InputError for another type, and Refused without
    a name and a reason.
    """
    why = reason.strip()[:300]
    if not by.strip() or not why:
        raise Refused("an organisation's type is set by a named person with a reason")
    if kind not in set(SubscriberType):
        raise InputError(f"there is no type {kind!r}; use one of: {', '.join(SubscriberType)}")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        found = ledger.organisation_coded(connection, ods_code)
        ledger.set_type(
            connection, found.id, SubscriberType(kind), by=by.strip(), reason=why, now=now
        )
        note(
            connection,
            at=now,
            who=by.strip(),
            via=via,
            action="set subscriber type",
            subject=f"organisation {found.ods_code}",
            detail=f"{found.subscriber_type} to {kind}: {why}",
        )
