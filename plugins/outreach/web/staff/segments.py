"""Whom a campaign selects now, and a place to try a rule: for anyone who may read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from outreach.errors import InputError, Refused
from outreach.reports import segments
from outreach.segments.vocabulary import FACTS, FIELDS
from outreach.web.staff.pages import page

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.workspace import Workspace

EXAMPLES = tuple(one.example for one in FIELDS.values()) + tuple(
    one.example for one in FACTS.values()
)


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the page where a rule is tried. A rule names no person, so it may stand in an address."""

    @router.get("/segments")
    def show_segments(request: Request, q: str = "") -> HTMLResponse:
        text = q.strip()
        tried = segments.tried(workspace(), text) if text else None
        return page(request, "segments.html", tried=tried, text=text, examples=EXAMPLES)


def audience_of(ws: Workspace, found: Campaign | None, *, asked: bool) -> dict[str, Any]:
    """Return what a campaign's page shows of its audience; a large one is counted if `asked`."""
    if found is None or (segments.is_large(ws) and not asked):
        return {"whom": None, "whom_fault": ""}
    try:
        return {"whom": segments.of_campaign(ws, found), "whom_fault": ""}
    except (InputError, Refused) as error:
        return {"whom": None, "whom_fault": str(error)}
