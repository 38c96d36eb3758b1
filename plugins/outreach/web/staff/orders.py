"""What only those who may act can reach: orders to a running edition, and files of people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from outreach.errors import InputError, Refused
from outreach.reports import editions, exports
from outreach.web.staff import (
    approvals,
    contacts,
    doubts,
    following,
    imports,
    notices,
    organisation_orders,
    people,
    resources,
    retention,
    steering,
    suppressions,
    tests_sent,
)
from outreach.web.staff.downloads import csv_file
from outreach.web.staff.guards import Guards, same_origin
from outreach.web.staff.pages import Links, page, security_headers
from outreach.web.staff.steering import LONGEST_REASON, VIA, Text

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def orders_router(workspace: Callable[[], Workspace], guard: Guards) -> APIRouter:
    """Return the routes that depend on the `act` guard."""
    router = APIRouter(dependencies=[Depends(guard.act)])
    _control(router, workspace, guard.who)
    _files(router, workspace, guard.who)
    steering.add_routes(router, workspace, guard.who)
    following.add_routes(router, workspace, guard.who)
    doubts.add_routes(router, workspace, guard.who)
    notices.add_routes(router, workspace, guard.who)
    organisation_orders.add_routes(router, workspace, guard.who)
    contacts.add_orders(router, workspace, guard.who)
    people.add_routes(router, workspace, guard.who)
    suppressions.add_orders(router, workspace, guard.who)
    imports.add_orders(router, workspace, guard.who)
    resources.add_orders(router, workspace, guard.who)
    retention.add_orders(router, workspace, guard.who)
    approvals.add_orders(router, workspace, guard.who)
    tests_sent.add_routes(router, workspace, guard.who)
    return router


def _control(
    router: APIRouter, workspace: Callable[[], Workspace], who: Callable[[Request], str]
) -> None:
    @router.get("/editions/{name}/control")
    def show_control(request: Request, name: str) -> HTMLResponse:
        return _control_page(request, workspace(), name)

    @router.post("/editions/{name}/control", dependencies=[Depends(same_origin)])
    def give_order(
        request: Request, name: str, order: Text = "", reason: Text = "", sure: Text = ""
    ) -> Response:
        ws = workspace()
        reason = steering.tidied(reason)
        try:
            _wanting(order, reason, sure)
            _flow(order)(ws, name, by=who(request), via=VIA, reason=reason)
        except (InputError, Refused) as error:
            status = 409 if isinstance(error, Refused) else 400
            return _control_page(
                request, ws, name, error=str(error), status=status, order=order, reason=reason
            )
        done = Links(request)("editions", name) + f"?done={order}"
        return RedirectResponse(done, 303, headers=dict(security_headers()))


def _control_page(
    request: Request,
    ws: Workspace,
    name: str,
    *,
    error: str = "",
    status: int = 200,
    order: str = "",
    reason: str = "",
) -> HTMLResponse:
    found = editions.edition(ws, name)
    return page(
        request,
        "control.html",
        status=status,
        found=found,
        error=error,
        order=order,
        reason=reason,
        longest=LONGEST_REASON,
    )


def _wanting(order: str, reason: str, sure: str) -> None:
    """Raise InputError where an order misses something."""
    if order not in ("pause", "resume", "cancel"):
        raise InputError("Choose what to do: pause, resume or cancel.")
    if order != "resume" and not reason:
        raise InputError(f"Write why you {order} this edition: it is kept in its history.")
    if len(reason) > LONGEST_REASON:
        raise InputError(f"Write the reason in at most {LONGEST_REASON} characters.")
    if order == "cancel" and sure != "yes":
        raise InputError("Tick the box to say that you know a cancelled edition cannot go on.")


def _flow(order: str) -> Callable[..., Any]:
    from outreach.flows import editions as flows

    orders: dict[str, Callable[..., Any]] = {
        "pause": flows.pause,
        "resume": flows.resume,
        "cancel": flows.cancel,
    }
    return orders[order]


def _files(
    router: APIRouter, workspace: Callable[[], Workspace], who: Callable[[Request], str]
) -> None:
    @router.get("/editions/{name}/deliveries.csv")
    def deliveries_file(request: Request, name: str) -> StreamingResponse:
        rows = exports.deliveries_export(workspace(), name, by=who(request), via=VIA)
        return csv_file(f"deliveries-{name}", exports.csv_lines(exports.DELIVERY_COLUMNS, rows))

    @router.get("/editions/{name}/events.csv")
    def events_file(request: Request, name: str) -> StreamingResponse:
        rows = exports.events_export(workspace(), name, by=who(request), via=VIA)
        return csv_file(f"events-{name}", exports.csv_lines(exports.EVENT_COLUMNS, rows))
