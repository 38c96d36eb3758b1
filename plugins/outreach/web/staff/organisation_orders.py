"""Settling which organisation a name means, and setting an organisation's subscriber type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from outreach.domain import SubscriberType
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.organisations import set_subscriber_type
from outreach.flows.organising import doubtful, settle_match
from outreach.reports import organisations as reports
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import Key, page
from outreach.web.staff.steering import (
    LONGEST_REASON,
    VIA,
    Text,
    Who,
    done,
    reasoned,
    status_of,
)

if TYPE_CHECKING:
    from outreach.workspace import Workspace

SHOWN = 50
"""Doubtful matches that one page lists."""

NONE, ANOTHER = "none", "another"
"""What may be chosen beside a candidate's number."""

After = Annotated[int, Query(ge=0, le=2**31 - 1)]


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the doubtful matches, the form that settles one, and that of a type, behind `act`."""
    _doubtful(router, workspace)
    _settle(router, workspace, who)
    _type(router, workspace, who)


def _doubtful(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/organisations/doubtful")
    def show_doubtful(
        request: Request,
        after: After = 0,
        settled: Annotated[str, Query(max_length=10)] = "",
        done: Annotated[str, Query(max_length=20)] = "",
    ) -> HTMLResponse:
        ws, decided = workspace(), settled == "yes"
        found = doubtful(ws, after=after, limit=SHOWN + 1, settled=decided)
        return page(
            request,
            "doubtful.html",
            found=found[:SHOWN],
            after=found[SHOWN - 1].id if len(found) > SHOWN else 0,
            count=reports.doubtful_count(ws),
            settled=decided,
            done="It is settled, for everyone who says so and will." if done == "settled" else "",
        )


def _settle(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    def shown(request: Request, number: int, **values: Any) -> HTMLResponse:
        given = {"error": "", "status": 200, "reason": "", "chosen": "", "code": "", **values}
        found = reports.match(workspace(), number)
        return page(request, "settle.html", found=found, longest=LONGEST_REASON, **given)

    @router.get("/organisations/doubtful/{match_id}")
    def show_match(request: Request, match_id: Key) -> HTMLResponse:
        return shown(request, match_id)

    @router.post("/organisations/doubtful/{match_id}", dependencies=[Depends(same_origin)])
    def order_match(
        request: Request, match_id: Key, chosen: Text = "", code: Text = "", reason: Text = ""
    ) -> Response:
        ws, by = workspace(), who(request)
        found = reports.match(ws, match_id)
        try:
            listed = {str(one.row.id): one.row.id for one in found.candidates}
            number = _chosen(ws, chosen, code, listed)
            why = reasoned(reason, "you know which organisation is meant")
            settle_match(ws, match_id, number, by=by, via=VIA, reason=why)
        except (InputError, Refused, NotFound) as error:
            status = 400 if isinstance(error, NotFound) else status_of(error)
            kept = {"reason": reason, "chosen": chosen, "code": code}
            return shown(request, match_id, error=str(error), status=status, **kept)
        return done(request, "organisations", "doubtful", said="settled")


def _chosen(ws: Workspace, chosen: str, code: str, listed: dict[str, int]) -> int | None:
    """Return the organisation chosen, None for none of them. Raises InputError or NotFound."""
    if chosen == NONE:
        return None
    if chosen == ANOTHER:
        if not code.strip():
            raise InputError("Write the ODS code of the organisation that is meant.")
        return reports.organisation(ws, code).row.id
    if chosen not in listed:
        raise InputError("Choose the organisation that is meant, or none of them.")
    return listed[chosen]


def _type(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    def shown(request: Request, code: str, **values: Any) -> HTMLResponse:
        found = reports.organisation(workspace(), code)
        given = {"error": "", "status": 200, "reason": "", "chosen": found.row.subscriber_type}
        return page(
            request,
            "organisation_type.html",
            found=found,
            longest=LONGEST_REASON,
            **{**given, **values},
        )

    @router.get("/organisations/code/{ods_code}/type")
    def show_type(request: Request, ods_code: str) -> HTMLResponse:
        return shown(request, ods_code)

    @router.post("/organisations/code/{ods_code}/type", dependencies=[Depends(same_origin)])
    def order_type(
        request: Request, ods_code: str, chosen: Text = "", reason: Text = ""
    ) -> Response:
        ws, by = workspace(), who(request)
        try:
            if chosen not in set(SubscriberType):
                raise InputError("Choose a type: corporate, individual or unknown.")
            why = reasoned(reason, "you know its type")
            set_subscriber_type(ws, ods_code, chosen, by=by, via=VIA, reason=why)
        except (InputError, Refused) as error:
            kept = {"reason": reason, "chosen": chosen}
            return shown(request, ods_code, error=str(error), status=status_of(error), **kept)
        return done(request, "organisations", "code", ods_code, said="type")
