"""The pages about organisations that anyone who may read can see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from outreach.reports import exports
from outreach.reports import organisations as reports
from outreach.reports.organisations import Search
from outreach.web.staff.downloads import csv_file
from outreach.web.staff.pages import page

if TYPE_CHECKING:
    from outreach.workspace import Workspace

Word = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]

_DONE = {
    "type": "The type is set. It counts from the next message on, and no import changes it.",
}


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the list of organisations, each one's page, and pledge coverage."""
    _list(router, workspace)
    _coverage(router, workspace)


def _list(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/organisations")
    def show_organisations(
        request: Request,
        text: Word = "",
        sector: Word = "",
        area: Word = "",
        borough: Word = "",
        pcn: Word = "",
        pledged: Word = "",
        closed: Word = "",
        after: Number = 0,
        before: Number = 0,
    ) -> HTMLResponse:
        ws = workspace()
        has = {"yes": True, "no": False}.get(pledged)
        search = Search(text, sector, area, borough, pcn, has, closed == "yes")
        found = reports.organisations(ws, search, after=after, before=before)
        asked = {
            "text": text,
            "sector": sector,
            "area": area,
            "borough": borough,
            "pcn": pcn,
            "pledged": pledged if has is not None else "",
            "closed": "yes" if search.closed else "",
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return page(
            request,
            "organisations.html",
            found=found,
            asked=asked,
            query=f"{query}&" if query else "",
            pairs={
                "sector": [(one, one) for one in ws.hub.sectors],
                "area": [(one.name, one.name) for one in ws.hub.areas],
                "borough": [(one, one) for one in ws.hub.boroughs],
            },
        )

    @router.get("/organisations/code/{ods_code}")
    def show_organisation(request: Request, ods_code: str, done: Word = "") -> HTMLResponse:
        found = reports.organisation(workspace(), ods_code)
        return page(request, "organisation.html", found=found, done=_DONE.get(done, ""))


def _coverage(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/organisations/coverage")
    def show_coverage(
        request: Request, by: Word = "pcn", sector: Word = "", area: Word = ""
    ) -> HTMLResponse:
        ws = workspace()
        group = by if by in reports.GROUPS else "pcn"
        return page(
            request,
            "coverage.html",
            found=reports.coverage(ws, group, sector=sector, ics_area=area),
            groups=reports.GROUPS,
            sector=sector,
            area=area,
            hub=ws.hub,
            query=urlencode({"sector": sector, "area": area}),
        )

    @router.get("/organisations/coverage.csv")
    def coverage_file(sector: Word = "", area: Word = "") -> StreamingResponse:
        rows = reports.coverage_rows(workspace(), sector=sector, ics_area=area)
        return csv_file("pledge-coverage", exports.csv_lines(reports.COVERAGE, rows))
