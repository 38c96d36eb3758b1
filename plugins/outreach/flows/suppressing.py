"""Stop mail to an address or a domain, and lift that again: by a named person, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.clock import london
from outreach.domain import Purpose, SuppressionReason
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.who import audit, named, subject_of, target_of
from outreach.ledger import suppressing as ledger
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.suppressing import ALL, Standing

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["ALL", "SCOPES", "in_words", "lift_suppression", "standing", "suppress", "unsuppress"]

SCOPES = (ALL, *(purpose.value for purpose in Purpose))
"""What a suppression may be for: every purpose, or one."""

_ERASED = (
    "this person was erased, which cannot be lifted; if they ask to hear from us again, they "
    "sign up themselves"
)


def suppress(
    ws: Workspace,
    address_or_domain: str,
    *,
    reason: str = "",
    detail: str = "",
    scope: str = ALL,
    by: str,
    via: str,
) -> bool:
    """Stop mail to an address or a whole domain, a contact or not, from the next claim on.

    `reason`: one of our words (such as "unsubscribed"), or a sentence, kept as the detail of a
    manual suppression where no `detail` is given. `scope`: "all", or one purpose. Returns
    whether it is new. Raises InputError for a malformed target or scope.
    """
    plain, target = target_of(ws, address_or_domain)
    if scope not in SCOPES:
        raise InputError(f"a suppression is for one of: {', '.join(SCOPES)}")
    known = {r.value: r for r in SuppressionReason if r is not SuppressionReason.ERASED}
    kind = known.get(reason.strip().lower(), SuppressionReason.MANUAL)
    if kind is SuppressionReason.LEFT and scope != ALL:
        raise InputError("somebody who left is written to for no purpose: choose all")
    if not detail and kind is SuppressionReason.MANUAL:
        detail = reason
    with ws.engine.begin() as connection:
        added = ledger.suppress(
            connection,
            target,
            kind,
            detail=detail.strip()[:300],
            origin=via,
            now=datetime.now(UTC),
            scope=scope,
            by=by,
        )
    said = kind.value if scope == ALL else f"{kind.value}, for {scope}"
    audit(ws, plain, "suppress", by, via, said)
    return added


def standing(ws: Workspace, address_or_domain: str) -> tuple[Standing, ...]:
    """Return what stands against an address or domain, the oldest first."""
    _, target = target_of(ws, address_or_domain)
    with reading(ws.engine) as connection:
        return ledger.standing(connection, target)


def unsuppress(
    ws: Workspace,
    address_or_domain: str,
    *,
    reason: str,
    by: str,
    via: str,
    which: int | None = None,
) -> int:
    """Lift one suppression of an address or domain; a name and a reason are kept.

    `which` is its number, needed where several stand. Returns how many were lifted (1). Raises
    Refused where the person was erased, several stand and none is chosen, or no name or reason
    is given, and NotFound where nothing (or not that one) stands.
    """
    plain, target = target_of(ws, address_or_domain)
    why = named(by, reason, "a suppression is lifted")
    with ws.engine.begin() as connection:
        one = _chosen(ledger.standing(connection, target), which)
        lifted = ledger.lift(connection, target, one, by=by, reason=why, now=datetime.now(UTC))
    if not lifted:
        raise NotFound("it does not stand any more; somebody else lifted it")
    audit(ws, plain, "unsuppress", by, via, f"{one.reason.value}, for {one.scope}")
    return 1


def lift_suppression(ws: Workspace, number: int, *, reason: str, by: str, via: str) -> None:
    """Lift the suppression of this number, of an address or a domain, as `unsuppress` does.

    Raises NotFound where there is none, and Refused where the person was erased, it was lifted
    before, or no name or reason is given.
    """
    why, now = named(by, reason, "a suppression is lifted"), datetime.now(UTC)
    with ws.engine.begin() as connection:
        kept = ledger.kept(connection, number)
        stands = ledger.standing(connection, kept.target)
        if any(one.reason is SuppressionReason.ERASED for one in (*stands, kept.one)):
            raise Refused(_ERASED)
        done = kept.stands and ledger.lift(
            connection, kept.target, kept.one, by=by, reason=why, now=now
        )
        if not done:
            raise Refused(f"it was lifted before, by {kept.lifted_by or 'somebody'}")
        address_hash = kept.target.address_hash
        subject = (
            subject_of(kept.contact_id, address_hash) if address_hash else f"suppression {number}"
        )
        note(
            connection,
            at=now,
            who=by,
            via=via,
            action="unsuppress",
            subject=subject,
            detail=f"{kept.one.reason.value}, for {kept.one.scope}",
        )


def _chosen(found: Sequence[Standing], which: int | None) -> Standing:
    if any(one.reason is SuppressionReason.ERASED for one in found):
        raise Refused(_ERASED)
    if not found:
        raise NotFound("nothing stands against this address or domain")
    if which is None and len(found) == 1:
        return found[0]
    for one in found:
        if one.number == which:
            return one
    listed = "; ".join(f"{one.number}: {in_words(one)}" for one in found)
    if which is None:
        raise Refused(f"several stand, and each is lifted by itself: choose its number. {listed}")
    raise NotFound(f"no suppression {which} stands against this address or domain. {listed}")


def in_words(one: Standing) -> str:
    """Return a suppression as people read it, such as "unsubscribed, for all, since ..."."""
    return f"{one.reason.value}, for {one.scope}, since {london(one.since)}"
