"""One person's page and the orders about them, all behind `act`; no address is in any URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from outreach.domain import SuppressionReason
from outreach.errors import InputError, NotFound, Refused
from outreach.flows import accounts
from outreach.flows import person_page as flows
from outreach.reports.proofs import Proof
from outreach.web.staff.downloads import one_file
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page
from outreach.web.staff.proofs import framed
from outreach.web.staff.steering import (
    LONGEST_REASON,
    VIA,
    Text,
    Who,
    done,
    reasoned,
    status_of,
)

if TYPE_CHECKING:
    from outreach.workspace import Workspace

REASONS = tuple(r.value for r in SuppressionReason if r is not SuppressionReason.ERASED)
"""Why a person may be suppressed by hand. Erasing is an order of its own."""

ERASE_WORD = "erase"

_DONE = {
    "suppress": "Mail to this person is stopped, from the next batch on.",
    "lift": "That suppression is lifted. Your name and the reason are kept.",
    "left": "This person is marked as having left. They are not written to.",
    "basis": "That basis is withdrawn, from the next batch on.",
}
_TYPES = {"json": "application/json", "html": "text/html; charset=utf-8"}


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add a person's page, their messages, their data as a file, and the orders about them."""

    @router.get("/people/{person}")
    def show_person(request: Request, person: str, done: str = "") -> HTMLResponse:
        ws = workspace()
        return _page(request, ws, flows.number_of(ws, person), said=_DONE.get(done, ""))

    @router.post("/people/{person}", dependencies=[Depends(same_origin)])
    def order_person(
        request: Request,
        person: str,
        order: Text = "",
        reason: Text = "",
        kind: Text = "",
        which: Text = "",
        sure: Text = "",
    ) -> Response:
        ws, by = workspace(), who(request)
        number = flows.number_of(ws, person)
        try:
            if order == "erase":
                return _erased(request, ws, number, by, sure)
            _ordered(ws, number, by, order, reason, kind, which)
        except (InputError, Refused) as error:
            status = status_of(error)
            given = {"order": order, "reason": reason, "which": which}
            return _page(request, ws, number, error=str(error), status=status, **given)
        return done(request, "people", person, said=order)

    @router.get("/people/{person}/export.{kind}")
    def export_person(request: Request, person: str, kind: str) -> Response:
        ws = workspace()
        number = flows.number_of(ws, person)
        data = flows.export_contact(ws, number, kind, by=who(request), via=VIA)
        return one_file(f"contact-{number}.{kind}", data, _TYPES[kind])

    @router.get("/people/{person}/editions/{name}")
    def show_message(request: Request, person: str, name: str) -> HTMLResponse:
        ws = workspace()
        found = flows.message_of(ws, flows.number_of(ws, person), name)
        return page(
            request,
            "person_message.html",
            images=ws.settings.public_url,
            proof=True,
            person=person,
            found=found,
            about=accounts.in_words(found),
            frame=framed(Proof(found.subject, found.text, found.html)),
        )


def _page(request: Request, ws: Workspace, number: int, **values: Any) -> HTMLResponse:
    given = {
        "error": "",
        "status": 200,
        "said": "",
        "order": "",
        "reason": "",
        "which": "",
        "counts": None,
        **values,
    }
    return page(
        request,
        "person.html",
        found=flows.person_page(ws, number),
        reasons=REASONS,
        word=ERASE_WORD,
        longest=LONGEST_REASON,
        **given,
    )


def _ordered(
    ws: Workspace, number: int, by: str, order: str, reason: str, kind: str, which: str
) -> None:
    if order == "suppress":
        if kind not in REASONS:
            raise InputError("Choose why they are not to be written to.")
        why = reasoned(reason, "they are not to be written to")
        flows.suppress(ws, number, kind, detail=why, by=by, via=VIA)
    elif order == "lift":
        why = reasoned(reason, "they may be written to again")
        flows.lift(ws, _row(which), by=by, via=VIA, reason=why)
    elif order == "left":
        why = reasoned(reason, "you know that they left")
        flows.mark_left(ws, number, by=by, via=VIA, reason=why)
    elif order == "basis":
        why = reasoned(reason, "this basis is withdrawn")
        flows.withdraw_basis(ws, number, _row(which), by=by, via=VIA, reason=why)
    else:
        raise InputError("Choose what to do.")


def _row(which: str) -> int:
    if not (which.isascii() and which.isdigit() and len(which) < 12):
        raise NotFound("There is no such row.")
    return int(which)


def _erased(request: Request, ws: Workspace, number: int, by: str, sure: str) -> HTMLResponse:
    if sure.strip().lower() != ERASE_WORD:
        raise InputError(f"Type the word {ERASE_WORD} to say that this cannot be undone.")
    counts = flows.erase(ws, number, by=by, via=VIA).counts
    return _page(request, ws, number, said="This person is erased.", counts=counts)
