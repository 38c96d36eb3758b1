"""One person's page and the orders about them, all behind `act`; no address is in any URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from outreach.errors import InputError, NotFound, Refused
from outreach.flows import accounts
from outreach.flows import person_page as flows
from outreach.reports.proofs import Proof
from outreach.web.staff.downloads import one_file
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page
from outreach.web.staff.person_orders import DONE, PERSON_REASONS, Order, give_order
from outreach.web.staff.proofs import framed
from outreach.web.staff.steering import LONGEST_REASON, VIA, Who, done, status_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

ERASE_WORD = "erase"

_TYPES = {"json": "application/json", "html": "text/html; charset=utf-8"}


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add a person's page, their messages, their data as a file, and the orders about them."""

    @router.get("/people/{person}")
    def show_person(request: Request, person: str, done: str = "") -> HTMLResponse:
        ws = workspace()
        return _page(request, ws, flows.number_of(ws, person), said=DONE.get(done, ""))

    @router.post("/people/{person}", dependencies=[Depends(same_origin)])
    def order_person(request: Request, person: str, asked: Annotated[Order, Form()]) -> Response:
        ws, by = workspace(), who(request)
        number = flows.number_of(ws, person)
        try:
            if asked.order == "erase":
                return _erased(request, ws, number, by, asked.sure)
            give_order(ws, number, asked, by)
        except (InputError, NotFound, Refused) as error:
            status = status_of(error)
            return _page(request, ws, number, error=str(error), status=status, asked=asked)
        return done(request, "people", person, said=asked.order)

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
            frame=framed(ws, Proof(found.subject, found.text, found.html)),
        )


def _page(
    request: Request,
    ws: Workspace,
    number: int,
    *,
    error: str = "",
    status: int = 200,
    said: str = "",
    counts: Mapping[str, int] | None = None,
    asked: Order | None = None,
) -> HTMLResponse:
    return page(
        request,
        "person.html",
        status=status,
        found=flows.person_page(ws, number),
        error=error,
        said=said,
        counts=counts,
        asked=asked or Order(),
        reasons=PERSON_REASONS,
        word=ERASE_WORD,
        longest=LONGEST_REASON,
    )


def _erased(request: Request, ws: Workspace, number: int, by: str, sure: str) -> HTMLResponse:
    if sure.strip().lower() != ERASE_WORD:
        raise InputError(f"Type the word {ERASE_WORD} to say that this cannot be undone.")
    counts = flows.erase(ws, number, by=by, via=VIA).counts
    return _page(request, ws, number, said="This person is erased.", counts=counts)
