"""Notices on the pages: what Outreach did by itself, until somebody says that they have seen it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from outreach.flows import notices
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Key
from outreach.web.staff.steering import VIA, Text, Who, done

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the order that marks a notice as seen to a router behind `act`."""

    @router.post("/notices/{notice_id}/seen", dependencies=[Depends(same_origin)])
    def mark_seen(request: Request, notice_id: Key, page: Text = "") -> Response:
        """Lead back to the page that listed it: the overview, the campaign's or the edition's."""
        ws = workspace()
        notices.mark_seen(ws, notice_id, by=who(request), via=VIA)
        one = notices.one(ws, notice_id)
        if page == "edition" and one.edition:
            return done(request, "editions", one.edition)
        if page == "campaign" and one.campaign:
            return done(request, "campaigns", one.campaign)
        return done(request)
