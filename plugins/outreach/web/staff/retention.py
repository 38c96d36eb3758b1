"""How long things are kept: the rules, what would go by them, and a named person's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from outreach.errors import InputError, Refused
from outreach.flows import retention
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page
from outreach.web.staff.steering import VIA, Text, Who, done, status_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

RUNS = 10
"""How many runs the page lists."""

_DONE = {
    "look": "Counted. Nothing was changed.",
    "confirm": "These rules are confirmed with your name. Upkeep lets go of what is older, "
    "every night from now on.",
}

WHAT: Mapping[str, str] = {
    "raw_events": "Bodies of what the email provider reported, once they were read",
    "quarantined_rows": "Rows that imports set aside",
    "processed_files": "Files in contacts/processed, which were taken in",
    "refused_files": "Files in contacts/quarantine, which were refused",
    "outbox_files": "Messages in the outbox",
    "sent_messages": "Addresses and printed values of messages that were sent",
    "events": "Single events, such as one opening",
    "leavers": "All details of contacts who left",
    "never_mailable": "All details of contacts who may not be written to, never were, and did "
    "not pledge",
    "history": "Who did what",
}
"""Rule -> what goes by it, in words. A test holds it to the rules."""


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the page, for anyone who may read."""

    @router.get("/retention")
    def show_retention(request: Request, done: str = "") -> HTMLResponse:
        return _page(request, workspace(), said=_DONE.get(done, ""))


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add counting what would go, and confirming the rules, to a router behind `act`."""

    @router.post("/retention", dependencies=[Depends(same_origin)])
    def order_retention(request: Request, order: Text = "", sure: Text = "") -> Response:
        ws, by = workspace(), who(request)
        try:
            if order == "look":
                retention.apply_retention(ws, dry_run=True, by=by, via=VIA)
            elif order == "confirm":
                if sure != "yes":
                    raise InputError("Tick the box to say that what goes cannot be brought back.")
                retention.confirm(ws, by=by, via=VIA)
            else:
                raise InputError("Choose what to do.")
        except (InputError, Refused) as error:
            return _page(request, ws, error=str(error), status=status_of(error))
        return done(request, "retention", said=order)


def _page(
    request: Request, ws: Workspace, *, said: str = "", error: str = "", status: int = 200
) -> HTMLResponse:
    runs = retention.latest(ws, RUNS)
    return page(
        request,
        "retention.html",
        status=status,
        rules=ws.hub.retention.rules(),
        what=WHAT,
        runs=runs,
        looked=next((run for run in runs if run.dry_run), None),
        confirmed=retention.confirmed(ws),
        said=said,
        error=error,
    )
