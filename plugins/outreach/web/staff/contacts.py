"""The list of contacts: filtered by anyone who may read, searched by those who may act.

A search goes by POST, so that nothing about a person stands in an address or a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from outreach.reports import contact_list, exports, people
from outreach.web.staff.downloads import csv_file
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Links, page, security_headers
from outreach.web.staff.steering import VIA, Who

if TYPE_CHECKING:
    from outreach.workspace import Workspace


class Filters(BaseModel):
    """What a list of contacts is narrowed to, and where its page begins or ends."""

    sector: str = Field("", max_length=200)
    ics_area: str = Field("", max_length=200)
    borough: str = Field("", max_length=200)
    standing: str = Field("", max_length=60)
    pledged: str = Field("", max_length=3)
    source: str = Field("", max_length=300)
    shared: str = Field("", max_length=3)
    after: str = Field("", max_length=60)
    before: str = Field("", max_length=60)

    def chosen(self) -> dict[str, str]:
        """Return the filters alone, those that narrow."""
        return {name: value for name in contact_list.FILTERS if (value := getattr(self, name))}


class Search(Filters):
    """A search: filters, and what was typed."""

    q: str = Field("", max_length=400)


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the list and the figures, for anyone who may read."""

    @router.get("/contacts")
    def show_contacts(request: Request, asked: Annotated[Filters, Query()]) -> HTMLResponse:
        return _page(request, workspace(), "", asked)

    @router.get("/contacts/figures")
    def show_figures(request: Request) -> HTMLResponse:
        return page(request, "contact_figures.html", found=people.contacts(workspace()))


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add searching, and the file of what was found, to a router behind `act`."""

    @router.post("/contacts", dependencies=[Depends(same_origin)])
    def search(request: Request, asked: Annotated[Search, Form()]) -> Response:
        if asked.q.strip():
            return _page(request, workspace(), asked.q, asked)
        address = Links(request)("contacts") + _query(asked.chosen())
        return RedirectResponse(address, 303, headers=dict(security_headers()))

    @router.post("/contacts.csv", dependencies=[Depends(same_origin)])
    def contacts_file(request: Request, asked: Annotated[Search, Form()]) -> StreamingResponse:
        ws = workspace()
        wanted = contact_list.wanted(ws, asked.q, asked.chosen())
        rows = contact_list.contacts_export(ws, wanted, by=who(request), via=VIA)
        return csv_file("contacts", exports.csv_lines(contact_list.COLUMNS, rows))


def _page(request: Request, ws: Workspace, q: str, asked: Filters) -> HTMLResponse:
    chosen = asked.chosen()
    wanted = contact_list.wanted(ws, q, chosen)
    found = contact_list.contact_list(ws, wanted, after=asked.after, before=asked.before)
    return page(
        request,
        "contacts.html",
        found=found,
        q=q,
        chosen={**dict.fromkeys(contact_list.FILTERS, ""), **chosen},
        narrowed=bool(q or chosen),
        query=_query(chosen),
    )


def _query(chosen: Mapping[str, str]) -> str:
    return f"?{urlencode(chosen)}" if chosen else ""
