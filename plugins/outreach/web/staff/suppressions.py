"""The list of suppressions: anyone may read it, those who may act search, add and lift."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from outreach.errors import InputError, Refused
from outreach.flows.suppressing import ALL, lift_suppression, suppress
from outreach.reports import exports, suppression_list
from outreach.web.staff.downloads import csv_file
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Key, page
from outreach.web.staff.person_orders import REASONS
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
    from outreach.ledger.suppression_list import Asked
    from outreach.workspace import Workspace

_DONE = {
    "add": "It is suppressed, from the next batch on.",
    "lift": "That suppression is lifted. Your name and the reason are kept.",
}

Word = Annotated[str, Query(max_length=60)]
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the list, for anyone who may read."""

    @router.get("/suppressions")
    def show_suppressions(
        request: Request,
        reason: Word = "",
        state: Word = "",
        older: Number = 0,
        newer: Number = 0,
        done: str = "",
    ) -> HTMLResponse:
        asked = suppression_list.asked_for(reason, state)
        said = _DONE.get(done, "")
        return _page(request, workspace(), asked, older=older, newer=newer, said=said)


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add searching, adding, lifting and the file to a router behind `act`."""
    _add_lifting(router, workspace, who)

    @router.post("/suppressions", dependencies=[Depends(same_origin)])
    def order_suppressions(
        request: Request,
        order: Text = "",
        target: Text = "",
        kind: Text = "",
        reason: Text = "",
        scope: Text = ALL,
    ) -> Response:
        ws = workspace()
        try:
            if order == "search":
                if not target.strip():
                    raise InputError("Type an address, or a domain.")
                asked = suppression_list.asked_about(ws, target)
                return _page(request, ws, asked, target=target, searched=True)
            if order != "add":
                raise InputError("Choose what to do.")
            _add(ws, target, (kind, scope, reason), who(request))
        except (InputError, Refused) as error:
            return _page(
                request,
                ws,
                suppression_list.asked_for(),
                error=str(error),
                status=status_of(error),
                target=target,
                kind=kind,
                reason=reason,
                scope=scope,
                order=order,
            )
        return done(request, "suppressions", said="add")

    @router.get("/suppressions.csv")
    def suppressions_file(
        request: Request, reason: Word = "", state: Word = ""
    ) -> StreamingResponse:
        asked = suppression_list.asked_for(reason, state)
        rows = suppression_list.suppressions_export(workspace(), asked, by=who(request), via=VIA)
        return csv_file("suppressions", exports.csv_lines(suppression_list.COLUMNS, rows))


def _add_lifting(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    @router.get("/suppressions/{suppression_id}/lift")
    def show_lift(request: Request, suppression_id: Key) -> HTMLResponse:
        return _lift_page(request, workspace(), suppression_id)

    @router.post("/suppressions/{suppression_id}/lift", dependencies=[Depends(same_origin)])
    def lift(request: Request, suppression_id: Key, reason: Text = "") -> Response:
        ws = workspace()
        try:
            why = reasoned(reason, "this address may be written to again")
            lift_suppression(ws, suppression_id, by=who(request), via=VIA, reason=why)
        except (InputError, Refused) as error:
            return _lift_page(
                request,
                ws,
                suppression_id,
                error=str(error),
                status=status_of(error),
                reason=reason,
            )
        return done(request, "suppressions", said="lift")


def _page(
    request: Request, ws: Workspace, asked: Asked, *, older: int = 0, newer: int = 0, **values: Any
) -> HTMLResponse:
    given = {
        **dict.fromkeys(("error", "said", "target", "kind", "reason", "order"), ""),
        "status": 200,
        "searched": False,
        "scope": ALL,
        **values,
    }
    return page(
        request,
        "suppressions.html",
        found=suppression_list.suppression_list(ws, asked, older=older, newer=newer),
        asked=asked,
        kinds=REASONS,
        longest=LONGEST_REASON,
        **given,
    )


def _lift_page(request: Request, ws: Workspace, number: int, **values: Any) -> HTMLResponse:
    given = {"error": "", "status": 200, "reason": "", **values}
    line = suppression_list.suppression(ws, number)
    return page(request, "suppression.html", line=line, longest=LONGEST_REASON, **given)


def _add(ws: Workspace, target: str, why: tuple[str, str, str], by: str) -> None:
    kind, scope, reason = why
    if not target.strip():
        raise InputError("Type the address, or the domain, that is not to be written to.")
    if kind not in REASONS:
        raise InputError("Choose why it is not to be written to.")
    detail = reasoned(reason, "it is not to be written to")
    if not suppress(ws, target, reason=kind, detail=detail, scope=scope, by=by, via=VIA):
        raise Refused(f"It is suppressed already, as {kind}.")
