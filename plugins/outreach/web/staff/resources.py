"""The pages about resources: the list, each one, and withdrawing or restoring it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from outreach.errors import InputError, Refused
from outreach.flows import resources as flows
from outreach.reports import resources as reports
from outreach.reports.resources import Search
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Key, page
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

Word = Annotated[str, Query(max_length=200)]
Page = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]

_DONE = {
    "withdrawn": "It is withdrawn: it goes in no digest, and no import brings it back.",
    "restored": "It may go in digests again.",
}


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the list of resources and each one's page."""

    @router.get("/resources")
    def show_resources(
        request: Request,
        text: Word = "",
        sector: Word = "",
        area: Word = "",
        state: Word = "",
        number: Page = 1,
    ) -> HTMLResponse:
        ws = workspace()
        search = Search(text, sector, area, state == "withdrawn")
        lines, paging = reports.resources(ws, search, page=number)
        asked = {
            "text": text,
            "sector": sector,
            "area": area,
            "state": "withdrawn" if search.withdrawn else "",
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return page(
            request,
            "resources.html",
            lines=lines,
            paging=paging,
            asked=asked,
            query=f"{query}&" if query else "",
            pairs={
                "sector": [(one, one) for one in ws.hub.sectors],
                "area": [(one.name, one.name) for one in ws.hub.areas],
            },
        )

    @router.get("/resources/{resource_id}")
    def show_resource(request: Request, resource_id: Key, done: Word = "") -> HTMLResponse:
        found = reports.resource(workspace(), resource_id)
        return page(request, "resource.html", found=found, done=_DONE.get(done, ""))


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the form that withdraws a resource or restores it, behind `act`."""

    def shown(request: Request, number: int, **values: Any) -> HTMLResponse:
        given = {"error": "", "status": 200, "reason": "", **values}
        found = reports.resource(workspace(), number)
        return page(request, "withdraw.html", found=found, longest=LONGEST_REASON, **given)

    @router.get("/resources/{resource_id}/withdraw")
    def show_withdraw(request: Request, resource_id: Key) -> HTMLResponse:
        return shown(request, resource_id)

    @router.post("/resources/{resource_id}/withdraw", dependencies=[Depends(same_origin)])
    def order_withdraw(
        request: Request, resource_id: Key, order: Text = "", reason: Text = ""
    ) -> Response:
        ws, by = workspace(), who(request)
        try:
            if order not in ("withdraw", "restore"):
                raise InputError("Choose what to do: withdraw it, or restore it.")
            act = flows.withdraw if order == "withdraw" else flows.restore
            why = reasoned(reason, f"you {order} it")
            act(ws, resource_id, by=by, via=VIA, reason=why)
        except (InputError, Refused) as error:
            status = status_of(error)
            return shown(request, resource_id, error=str(error), status=status, reason=reason)
        said = "withdrawn" if order == "withdraw" else "restored"
        return done(request, "resources", str(resource_id), said=said)
