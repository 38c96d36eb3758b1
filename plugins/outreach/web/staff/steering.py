"""Orders beyond one edition: stop all sending, hold a campaign, and let either go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from outreach.errors import InputError, NotFound, Refused
from outreach.flows import control
from outreach.reports import campaigns
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Links, page, security_headers

if TYPE_CHECKING:
    from outreach.workspace import Workspace

VIA = "staff pages"
LONGEST_REASON = 300

Text = Annotated[str, Form(max_length=2_000)]
Who = Callable[[Request], str]


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the pages that stop all sending and hold a campaign to a router behind `act`."""
    _stop(router, workspace, who)
    _hold(router, workspace, who)


def tidied(reason: str) -> str:
    """Return a reason on one line, without characters that nobody can see."""
    return " ".join("".join(c if c.isprintable() else " " for c in reason).split())


def reasoned(reason: str, what: str) -> str:
    """Return the reason, tidied. Raises InputError where it is missing or too long."""
    found = tidied(reason)
    if not found:
        raise InputError(f"Write why {what}: it is kept in the history.")
    if len(found) > LONGEST_REASON:
        raise InputError(f"Write the reason in at most {LONGEST_REASON} characters.")
    return found


def done(request: Request, *parts: str, said: str = "") -> RedirectResponse:
    """Lead on to a page after an order, which says there what was done."""
    address = Links(request)(*parts) + (f"?done={said}" if said else "")
    return RedirectResponse(address, 303, headers=dict(security_headers()))


def status_of(error: InputError | NotFound | Refused) -> int:
    """Return 409 where a rule forbids an order now, 404 where what it is about is gone, and 400
    where the form was not filled in well."""
    if isinstance(error, NotFound):
        return 404
    return 409 if isinstance(error, Refused) else 400


def _stop(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    def shown(request: Request, **values: Any) -> HTMLResponse:
        given = {"error": "", "status": 200, "reason": "", **values}
        return page(
            request,
            "stop.html",
            stopped=control.stopped(workspace()),
            longest=LONGEST_REASON,
            **given,
        )

    @router.get("/stop")
    def show_stop(request: Request) -> HTMLResponse:
        return shown(request)

    @router.post("/stop", dependencies=[Depends(same_origin)])
    def order_stop(
        request: Request, order: Text = "", reason: Text = "", sure: Text = ""
    ) -> Response:
        ws, by = workspace(), who(request)
        try:
            if order == "start":
                control.start_all(ws, by=by, via=VIA, reason=tidied(reason)[:LONGEST_REASON])
            elif order == "stop":
                why = reasoned(reason, "all sending is stopped")
                if sure != "yes":
                    raise InputError("Tick the box to say that every edition is to stand still.")
                control.stop_all(ws, by=by, via=VIA, reason=why)
            else:
                raise InputError("Choose what to do: stop all sending, or let it go on.")
        except (InputError, Refused) as error:
            return shown(request, error=str(error), status=status_of(error), reason=reason)
        return done(request)


def _hold(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    def shown(request: Request, slug: str, **values: Any) -> HTMLResponse:
        ws = workspace()
        given = {"error": "", "status": 200, "reason": "", **values}
        return page(
            request,
            "hold.html",
            found=campaigns.campaign(ws, slug),
            hold=control.held(ws, slug),
            longest=LONGEST_REASON,
            **given,
        )

    @router.get("/campaigns/{slug}/hold")
    def show_hold(request: Request, slug: str) -> HTMLResponse:
        return shown(request, slug)

    @router.post("/campaigns/{slug}/hold", dependencies=[Depends(same_origin)])
    def order_hold(request: Request, slug: str, order: Text = "", reason: Text = "") -> Response:
        ws, by = workspace(), who(request)
        try:
            if order == "release":
                why = tidied(reason)[:LONGEST_REASON]
                control.release_campaign(ws, slug, by=by, via=VIA, reason=why)
            elif order == "hold":
                why = reasoned(reason, "this campaign is held")
                control.hold_campaign(ws, slug, by=by, via=VIA, reason=why)
            else:
                raise InputError("Choose what to do: hold this campaign, or release it.")
        except (InputError, Refused) as error:
            return shown(request, slug, error=str(error), status=status_of(error), reason=reason)
        return done(request, "campaigns", slug)
