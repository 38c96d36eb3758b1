"""Pages about agreeing an edition: what waits, deputies, standing approvals, moved audiences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from outreach.clock import LONDON
from outreach.errors import InputError, NotFound, Refused
from outreach.flows import deputies, editions, standing
from outreach.reports import approvals, exports
from outreach.web.staff.downloads import csv_file
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page
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

DONE = {
    "deputy": "Your deputy is named. It holds for questions that are put from now on.",
    "end": "Your deputy’s time is ended.",
    "withdraw": "The standing approval is withdrawn. The next edition asks a person.",
}
"""What the page says after an order; the key stands in its address."""

_Word = Annotated[str, Field(max_length=200)]


class Order(BaseModel):
    """One form of the page, whichever it is. `which` is the row that it is about."""

    order: _Word = ""
    deputy: _Word = ""
    since: _Word = ""
    until: _Word = ""
    which: _Word = ""
    reason: Annotated[str, Field(max_length=2_000)] = ""


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add what anyone who may read sees."""

    @router.get("/approvals")
    def show_approvals(request: Request, done: str = "") -> HTMLResponse:
        return _page(request, workspace(), said=DONE.get(done, ""))

    @router.get("/editions/{name}/audience")
    def show_audience(request: Request, name: str) -> HTMLResponse:
        return _audience_page(request, workspace(), name)


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the orders, and the file of who joined and who is gone, behind `act`."""

    @router.post("/approvals", dependencies=[Depends(same_origin)])
    def order_approvals(request: Request, asked: Annotated[Order, Form()]) -> Response:
        ws, by = workspace(), who(request)
        try:
            _give(ws, asked, by)
        except (InputError, NotFound, Refused) as error:
            status = status_of(error)
            return _page(request, ws, error=str(error), status=status, asked=asked)
        return done(request, "approvals", said=asked.order)

    @router.post("/editions/{name}/audience", dependencies=[Depends(same_origin)])
    def order_audience(request: Request, name: str, reason: Text = "") -> Response:
        ws, by = workspace(), who(request)
        try:
            why = reasoned(reason, "this audience is right")
            editions.let_audience_pass(ws, name, by=by, via=VIA, reason=why)
        except (InputError, Refused) as error:
            status = status_of(error)
            return _audience_page(request, ws, name, error=str(error), status=status, reason=reason)
        return done(request, "editions", name, said="let-pass")

    @router.get("/editions/{name}/audience.csv")
    def audience_file(request: Request, name: str) -> StreamingResponse:
        rows = approvals.audience_export(workspace(), name, by=who(request), via=VIA)
        lines = exports.csv_lines(approvals.MOVER_COLUMNS, rows)
        return csv_file(f"audience-{name}", lines)


def _page(
    request: Request,
    ws: Workspace,
    *,
    error: str = "",
    status: int = 200,
    said: str = "",
    asked: Order | None = None,
) -> HTMLResponse:
    return page(
        request,
        "approvals.html",
        status=status,
        found=approvals.approvals(ws),
        error=error,
        said=said,
        asked=asked or Order(),
        longest=LONGEST_REASON,
    )


def _audience_page(
    request: Request, ws: Workspace, name: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    return page(
        request,
        "audience.html",
        status=status,
        found=approvals.audience(ws, name),
        longest=LONGEST_REASON,
        **{"error": "", "reason": "", **values},
    )


def _give(ws: Workspace, asked: Order, by: str) -> None:
    if asked.order == "deputy":
        since, until = _day(asked.since, "first"), _day(asked.until, "last") + timedelta(days=1)
        deputies.name_deputy(ws, asked.deputy, since=since, until=until, by=by, via=VIA)
    elif asked.order == "end":
        deputies.end_deputy(ws, _number(asked.which), by=by, via=VIA)
    elif asked.order == "withdraw":
        why = reasoned(asked.reason, "it does not stand any more")
        standing.withdraw_standing(ws, _number(asked.which), by=by, via=VIA, reason=why)
    else:
        raise InputError("Choose what to do.")


def _day(text: str, which: str) -> datetime:
    """Return midnight in London as a day begins. Raises InputError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=LONDON)
    except ValueError:
        raise InputError(f"Enter the {which} day, such as 2026-12-01.") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise NotFound("There is no such row any more.")
    return int(text)
