"""Following an edition up from its page: who it would go to, and where it is then triggered.

Nothing is made here: an edition that a person must approve is made by its campaign's DAG.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from outreach.errors import InputError, NotFound, Refused
from outreach.flows import following
from outreach.reports import editions
from outreach.web.staff.pages import page
from outreach.web.staff.steering import Who, status_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the page that plans a follow-up to a router behind `act`."""
    del who  # it orders nothing

    @router.get("/editions/{name}/follow-up")
    def show_follow_up(
        request: Request, name: str, campaign: str = "", to: str = "accepted"
    ) -> HTMLResponse:
        ws = workspace()
        found = editions.edition(ws, name)
        values: dict[str, Any] = {"error": "", "status": 200, "plan": None}
        if campaign:
            try:
                follows = following.following(name, to)
                values["plan"] = following.look(ws, follows, campaign)
            except (InputError, NotFound, Refused) as error:
                values |= {"error": str(error), "status": status_of(error)}
        return page(
            request,
            "follow_up.html",
            found=found,
            campaigns=following.possible_campaigns(ws),
            campaign=campaign,
            to=to,
            **values,
        )
