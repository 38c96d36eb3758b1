"""Send colleagues a marked, uncounted test of a campaign or of an edition."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from outreach.errors import ConfigError, InputError, NotFound, Refused
from outreach.flows.side_messages import send_test, side_messages
from outreach.flows.side_messages.samples import show
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page
from outreach.web.staff.steering import VIA, Who, status_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace


class Asked(BaseModel):
    """The form: who gets the test, which variant (0: each), and what makes it one order."""

    to: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] = []
    variant: Annotated[int, Field(ge=0, le=100_000)] = 0
    once: Annotated[str, Field(max_length=60)] = ""


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the two pages, each with its form, behind `act`."""

    @router.get("/editions/{name}/test")
    def show_edition_test(request: Request, name: str) -> HTMLResponse:
        return _page(request, workspace(), "editions", name)

    @router.post("/editions/{name}/test", dependencies=[Depends(same_origin)])
    def test_edition(request: Request, name: str, asked: Annotated[Asked, Form()]) -> HTMLResponse:
        return _ordered(request, workspace(), "editions", name, asked, who(request))

    @router.get("/campaigns/{slug}/test")
    def show_campaign_test(request: Request, slug: str) -> HTMLResponse:
        return _page(request, workspace(), "campaigns", slug)

    @router.post("/campaigns/{slug}/test", dependencies=[Depends(same_origin)])
    def test_campaign(request: Request, slug: str, asked: Annotated[Asked, Form()]) -> HTMLResponse:
        return _ordered(request, workspace(), "campaigns", slug, asked, who(request))


def _ordered(
    request: Request, ws: Workspace, area: str, name: str, asked: Asked, by: str
) -> HTMLResponse:
    given: dict[str, Any] = {"chosen": tuple(asked.to), "variant": asked.variant}
    order: dict[str, Any] = {"to": asked.to, "variant": asked.variant, "request": asked.once}
    try:
        given["report"] = send_test(ws, name, **order, by=by, via=VIA)
    except (InputError, NotFound, Refused) as error:
        given |= {"error": str(error), "status": status_of(error)}
    except ConfigError as error:
        given |= {"error": str(error), "status": 502}
    return _page(request, ws, area, name, **given)


def _page(
    request: Request, ws: Workspace, area: str, name: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    given = {"error": "", "report": None, "chosen": (), "variant": 0, **values}
    return page(
        request,
        "test.html",
        status=status,
        area=area,
        name=name,
        found=show(ws, name if area == "editions" else name.partition("@")[0]),
        colleagues=sorted(ws.hub.colleagues),
        sent=[one for one in side_messages(ws, name) if one.kind == "test"],
        once=secrets.token_hex(12),
        **given,
    )
