"""The page that shows what will go to how many people, weeks ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from outreach.reports.calendar import WEEKS, calendar
from outreach.web.staff.pages import page

if TYPE_CHECKING:
    from outreach.workspace import Workspace

Weeks = Annotated[int, Query(ge=1, le=26)]

COUNTING = 5.0
"""Seconds after which the page begins no further count: the next look goes on."""

CHOICES = (1, 2, WEEKS, 8, 13, 26)
"""How many weeks can be chosen."""


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the calendar."""

    @router.get("/calendar")
    def show_calendar(request: Request, weeks: Weeks = WEEKS) -> HTMLResponse:
        found = calendar(workspace(), weeks=weeks, seconds=COUNTING)
        return page(request, "calendar.html", found=found, weeks=weeks, choices=CHOICES)
