"""What can be ordered about one person on their page: each by a named person, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from outreach.domain import SuppressionReason
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.bases import give_basis, withdraw_basis
from outreach.flows.person_page import address_of
from outreach.flows.pledging import withdraw_pledge
from outreach.flows.suppressing import ALL, standing, suppress, unsuppress
from outreach.flows.tracking import choose_tracking
from outreach.web.staff.steering import VIA, reasoned

if TYPE_CHECKING:
    from outreach.workspace import Workspace

REASONS = tuple(r.value for r in SuppressionReason if r is not SuppressionReason.ERASED)
"""Why an address may be suppressed by hand. Erasing is an order of its own."""

PERSON_REASONS = tuple(reason for reason in REASONS if reason != SuppressionReason.LEFT.value)
"""Why a person may be suppressed on their page, where having left is an order of its own."""

DONE = {
    "suppress": "Mail to this person is stopped, from the next batch on.",
    "lift": "That is lifted. Your name and the reason are kept.",
    "left": "This person is marked as having left. They are not written to.",
    "basis": "That basis is withdrawn, from the next batch on.",
    "give": "That basis is recorded, with what shows it and your name.",
    "pledge": "Their pledge is withdrawn. Nothing more goes out on it.",
    "tracking-off": "Their own clicks are not counted any more, from the next edition on.",
    "tracking-on": "Their own clicks may be counted, from the next edition on.",
}
"""What the page says after an order."""

_Word = Annotated[str, Field(max_length=60)]


class Order(BaseModel):
    """One form of a person's page, whichever it is. `which` is the row that it is about."""

    order: _Word = ""
    reason: Annotated[str, Field(max_length=2_000)] = ""
    kind: _Word = ""
    purpose: _Word = ""
    scope: _Word = ALL
    wording: Annotated[str, Field(max_length=200)] = ""
    which: _Word = ""
    sure: _Word = ""


def give_order(ws: Workspace, number: int, asked: Order, by: str) -> None:
    """Do what a form asks for.

    Raises InputError where it was not filled in well, Refused where a rule forbids it, and
    NotFound where what it is about stands no more.
    """
    order = _ORDERS.get(asked.order)
    if order is None:
        raise InputError("Choose what to do.")
    order(ws, address_of(ws, number), asked, by)


def _suppress(ws: Workspace, address: str, asked: Order, by: str) -> None:
    if asked.kind not in PERSON_REASONS:
        raise InputError("Choose why they are not to be written to.")
    why = reasoned(asked.reason, "they are not to be written to")
    given = {"reason": asked.kind, "scope": asked.scope, "detail": why}
    if not suppress(ws, address, **given, by=by, via=VIA):
        raise Refused(f"They are suppressed already, as {asked.kind}.")


def _lift(ws: Workspace, address: str, asked: Order, by: str) -> None:
    why = reasoned(asked.reason, "they may be written to again")
    if not (asked.which.isascii() and asked.which.isdigit() and len(asked.which) < 12):
        raise NotFound("There is no such suppression.")
    unsuppress(ws, address, reason=why, which=int(asked.which), by=by, via=VIA)


def _left(ws: Workspace, address: str, asked: Order, by: str) -> None:
    why = reasoned(asked.reason, "you know that they left")
    left = SuppressionReason.LEFT
    if any(one.reason is left for one in standing(ws, address)):
        raise Refused("It is known already that this person left.")
    suppress(ws, address, reason=left.value, detail=why, by=by, via=VIA)


def _withdraw_basis(ws: Workspace, address: str, asked: Order, by: str) -> None:
    why = reasoned(asked.reason, "this basis is withdrawn")
    if not asked.kind:
        raise InputError("Choose which basis is withdrawn.")
    withdraw_basis(ws, address, kind=asked.kind, purpose=asked.purpose, by=by, via=VIA, reason=why)


def _give_basis(ws: Workspace, address: str, asked: Order, by: str) -> None:
    shows = reasoned(asked.reason, "they may be written to")
    given = {"purpose": asked.purpose, "evidence": shows, "wording_version": asked.wording}
    if not give_basis(ws, address, asked.kind, **given, by=by, via=VIA):
        raise Refused("This basis stands already; nothing was changed.")


def _withdraw_pledge(ws: Workspace, address: str, asked: Order, by: str) -> None:
    why = reasoned(asked.reason, "their pledge is withdrawn")
    withdraw_pledge(ws, address, by=by, via=VIA, reason=why)


def _tracking(given: bool, what: str) -> Callable[[Workspace, str, Order, str], None]:
    def choose(ws: Workspace, address: str, asked: Order, by: str) -> None:
        shows = reasoned(asked.reason, what)
        said = {"evidence": shows, "wording_version": asked.wording}
        if not choose_tracking(ws, address, given, **said, by=by, via=VIA):
            raise Refused("That was their choice already; nothing was changed.")

    return choose


_ORDERS: dict[str, Callable[[Workspace, str, Order, str], None]] = {
    "suppress": _suppress,
    "lift": _lift,
    "left": _left,
    "basis": _withdraw_basis,
    "give": _give_basis,
    "pledge": _withdraw_pledge,
    "tracking-off": _tracking(False, "their clicks are not counted"),
    "tracking-on": _tracking(True, "their clicks may be counted, and what shows it"),
}
