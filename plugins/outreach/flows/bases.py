"""Why we may write to one person: given or withdrawn by a named person, for one purpose or all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.domain import BasisKind, Purpose
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.who import audit, contact_of, named
from outreach.ledger import bases as ledger
from outreach.ledger.bases import Given, Withdrawal

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_LONGEST = 500


def give_basis(
    ws: Workspace,
    address: str,
    kind: str,
    *,
    purpose: str = "",
    evidence: str,
    wording_version: str = "",
    by: str,
    via: str,
) -> bool:
    """Record a basis with what shows it, again where it was withdrawn; return if it is new.

    Raises NotFound where the address is no contact, InputError for another kind or purpose,
    Refused without evidence.
    """
    number = contact_of(ws, address)
    if not evidence.strip():
        raise Refused("a basis needs its evidence: what shows that this person may be written to")
    given = Given(
        _kind(kind), _purpose(purpose), evidence.strip()[:_LONGEST], wording_version.strip(), by
    )
    with ws.engine.begin() as connection:
        new = ledger.give(connection, number, given, datetime.now(UTC))
    if new:
        audit(ws, address, "give basis", by, via, _said(given.kind.value, purpose))
    return new


def withdraw_basis(
    ws: Workspace,
    address: str,
    *,
    kind: str = "",
    purpose: str = "",
    by: str,
    via: str,
    reason: str,
) -> int:
    """Withdraw the bases of a kind ('': every kind) for a purpose ('': every one); return how many.

    Raises NotFound where none stands, InputError for another kind or purpose, and Refused
    without a name and a reason.
    """
    number = contact_of(ws, address)
    kinds = (_kind(kind),) if kind else tuple(BasisKind)
    how = Withdrawal(by, named(by, reason, "a basis is withdrawn"), datetime.now(UTC))
    with ws.engine.begin() as connection:
        ended = ledger.withdraw(connection, number, how, kinds=kinds, purpose=_purpose(purpose))
    if not ended:
        raise NotFound("no such basis of this person stands")
    audit(ws, address, "withdraw basis", by, via, _said(kind or "every kind", purpose))
    return ended


def _kind(text: str) -> BasisKind:
    try:
        return BasisKind(text)
    except ValueError:
        raise InputError(f"a basis is one of: {', '.join(BasisKind)}") from None


def _purpose(text: str) -> str:
    if text and text not in set(Purpose):
        raise InputError(f"a purpose is one of: {', '.join(Purpose)}")
    return text


def _said(kind: str, purpose: str) -> str:
    return f"{kind}, for {purpose or 'all'}"
