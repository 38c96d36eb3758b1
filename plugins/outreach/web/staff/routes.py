"""The pages that anyone who may read can see. None of them changes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from outreach.domain import DeliveryState
from outreach.errors import Fault
from outreach.flows import control
from outreach.flows.notices import notices
from outreach.flows.progress import progress
from outreach.flows.side_messages import question_of, side_messages
from outreach.reports import campaigns, checks, editions, engagement, overview, proofs
from outreach.settings import ROOT
from outreach.web.staff import (
    approvals,
    calendar,
    charts,
    contacts,
    imports,
    organisations,
    resources,
    retention,
    segments,
    suppressions,
)
from outreach.web.staff.guards import may_act
from outreach.web.staff.pages import Key, page, security_headers
from outreach.web.staff.proofs import framed

if TYPE_CHECKING:
    from outreach.workspace import Workspace

Number = Annotated[int, Query(ge=1, le=1_000_000)]
Page = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]

_DONE = {
    "pause": "This edition is paused. Senders stop after the request they are making now.",
    "resume": "This edition goes on.",
    "cancel": "This edition is cancelled. Nobody else will get it.",
    "let-pass": "This audience may pass. Now clear the task check of its run, in Airflow.",
    "again": "This edition was ordered. Nothing of it has left yet: it waits to be sent.",
}
"""What the edition's page says after an order; the key stands in its address."""


def pages_router(
    workspace: Callable[[], Workspace], warnings: Callable[[], Sequence[str]]
) -> APIRouter:
    """Return the routes of the pages; the app puts the `read` guard before each."""
    router = APIRouter()
    _overview_and_style(router, workspace, warnings)
    _campaigns(router, workspace)
    calendar.add_pages(router, workspace)
    _editions(router, workspace)
    _people(router, workspace)
    organisations.add_pages(router, workspace)
    resources.add_pages(router, workspace)
    retention.add_pages(router, workspace)
    approvals.add_pages(router, workspace)
    return router


def _overview_and_style(
    router: APIRouter, workspace: Callable[[], Workspace], warnings: Callable[[], Sequence[str]]
) -> None:
    @router.get("/")
    def show_overview(request: Request) -> HTMLResponse:
        ws = workspace()
        found = overview.overview(ws, warnings=warnings())
        stopped = control.stopped(ws)
        return page(request, "overview.html", found=found, stopped=stopped, notices=notices(ws))

    @router.get("/staff.css")
    def stylesheet() -> Response:
        style = (ROOT / "templates" / "pages" / "staff" / "staff.css").read_bytes()
        headers = {**security_headers(), "Cache-Control": "private, max-age=300"}
        return Response(style, media_type="text/css", headers=headers)

    @router.get("/progress.js")
    def script() -> Response:
        code = (ROOT / "templates" / "pages" / "staff" / "progress.js").read_bytes()
        headers = {**security_headers(), "Cache-Control": "private, max-age=300"}
        return Response(code, media_type="text/javascript", headers=headers)

    @router.get("/engagement")
    def show_engagement(request: Request) -> HTMLResponse:
        found = engagement.engagement(workspace())
        return page(
            request,
            "engagement.html",
            found=found,
            editions_chart=charts.editions_chart(found.editions),
            days_chart=charts.days_chart(found.by_day),
        )


def _campaigns(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/campaigns")
    def show_campaigns(request: Request) -> HTMLResponse:
        return page(request, "campaigns.html", found=campaigns.campaigns(workspace()))

    segments.add_pages(router, workspace)

    @router.get("/campaigns/{slug}")
    def show_campaign(
        request: Request, slug: str, proof: Number = 1, count: str = ""
    ) -> HTMLResponse:
        ws = workspace()
        found = campaigns.campaign(ws, slug, proof=proof)
        return page(
            request,
            "campaign.html",
            images=ws.settings.public_url,
            proof=True,
            found=found,
            groups=checks.grouped(_findings(ws, found)),
            hold=control.held(ws, slug),
            notices=notices(ws, campaign=slug),
            frame=framed(ws, found.proofs.proof) if found.proofs else "",
            **segments.audience_of(ws, found.campaign, asked=count == "yes"),
        )


def _findings(ws: Workspace, found: campaigns.CampaignReport) -> tuple[Fault, ...]:
    """Return what is wrong with a file, or else what the checks find in its copy."""
    if found.faults or found.campaign is None:
        return found.faults
    return checks.campaign_findings(ws, found.campaign)


def _editions(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/editions")
    def show_editions(request: Request, number: Page = 1) -> HTMLResponse:
        found, paging = editions.editions(workspace(), page=number)
        return page(request, "editions.html", found=found, paging=paging)

    @router.get("/editions/{name}")
    def show_edition(request: Request, name: str, done: str = "") -> HTMLResponse:
        ws = workspace()
        found = editions.edition(ws, name)
        return page(
            request,
            "edition.html",
            found=found,
            progress=progress(ws, name),
            notices=notices(ws, edition=name),
            aside=side_messages(ws, name),
            question=question_of(ws, name),
            done=_DONE.get(done, ""),
            groups=checks.grouped(found.faults),
            smallest=proofs.smallest(found.variants),
        )

    @router.get("/editions/{name}/progress")
    def show_progress(request: Request, name: str) -> HTMLResponse:
        return page(request, "progress.html", progress=progress(workspace(), name))

    @router.get("/editions/{name}/variants/{variant}")
    def show_variant(request: Request, name: str, variant: Key, person: str = "") -> HTMLResponse:
        ws = workspace()
        found = proofs.variant(ws, name, variant, masked=not may_act(request), person=person)
        return page(
            request,
            "variant.html",
            images=ws.settings.public_url,
            proof=True,
            found=found,
            groups=checks.grouped(found.faults, variant=variant),
            frame=framed(ws, found.proof),
        )

    _edition_people(router, workspace)


def _edition_people(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/editions/{name}/missing")
    def show_missing(request: Request, name: str) -> HTMLResponse:
        found = checks.missing(workspace(), name)
        return page(request, "missing.html", found=found, shown=checks.SHOWN)

    @router.get("/editions/{name}/deliveries")
    def show_deliveries(
        request: Request,
        name: str,
        state: str = "",
        number: Page = 1,
    ) -> HTMLResponse:
        wanted = DeliveryState(state) if state in set(DeliveryState) else None
        found, lines, paging = editions.deliveries(workspace(), name, state=wanted, page=number)
        return page(
            request, "deliveries.html", found=found, lines=lines, paging=paging, state=wanted
        )


def _people(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    contacts.add_pages(router, workspace)
    suppressions.add_pages(router, workspace)
    imports.add_pages(router, workspace)
