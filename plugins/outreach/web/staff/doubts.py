"""What is in doubt about an edition: all that is known, settling it, sending again, the account."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.background import BackgroundTask

from outreach.domain import DeliveryState
from outreach.errors import ConfigError, InputError, NotFound, NotSent, Refused
from outreach.flows import certifying, doubts, resending
from outreach.reports import editions
from outreach.web.staff.guards import same_origin
from outreach.web.staff.pages import page, security_headers
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

SHOWN = 200
"""Doubts that one page lists."""

FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
}

Chosen = Annotated[list[str], Form(max_length=1_000)]


def add_routes(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add the page of an edition's doubts and its certificate's files, behind `act`."""
    _doubts(router, workspace, who)
    _certificate(router, workspace)


def _page(request: Request, ws: Workspace, name: str, **values: Any) -> HTMLResponse:
    given = {"error": "", "status": 200, "reason": "", "order": "", "chosen": (), **values}
    found = doubts.doubts(ws, name)
    summary, failed, paging = editions.deliveries(ws, name, state=DeliveryState.FAILED)
    return page(
        request,
        "doubts.html",
        summary=summary,
        doubts=found[:SHOWN],
        count=len(found),
        evidence=doubts.evidence(ws, name),
        failed=failed,
        failed_count=paging.total,
        longest=LONGEST_REASON,
        **given,
    )


def _doubts(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    @router.get("/editions/{name}/doubts")
    def show_doubts(request: Request, name: str) -> HTMLResponse:
        return _page(request, workspace(), name)

    @router.post("/editions/{name}/doubts", dependencies=[Depends(same_origin)])
    def order_doubts(
        request: Request,
        name: str,
        order: Text = "",
        reason: Text = "",
        delivery: Chosen = [],  # noqa: B006
    ) -> Response:
        ws = workspace()
        try:
            return _ordered(request, ws, name, who(request), order, reason, delivery)
        except (InputError, Refused, ConfigError, NotSent) as error:
            status = status_of(error) if isinstance(error, (InputError, Refused)) else 502
            return _page(
                request,
                ws,
                name,
                error=str(error),
                status=status,
                order=order,
                reason=reason,
                chosen=tuple(delivery),
            )


def _ordered(
    request: Request, ws: Workspace, name: str, by: str, order: str, reason: str, chosen: list[str]
) -> Response:
    if order == "ask":
        doubts.evidence(ws, name, refresh=True)
        return done(request, "editions", name, "doubts")
    if not chosen:
        raise InputError("Tick the deliveries that this is about.")
    if order == "settle":
        why = reasoned(reason, "you know that they were not sent")
        doubts.settle_doubts(ws, name, chosen, by=by, via=VIA, reason=why)
        return done(request, "editions", name, "doubts")
    if order == "again":
        why = reasoned(reason, "they are sent again")
        made = resending.resend(ws, name, chosen, by=by, via=VIA, reason=why)
        return done(request, "editions", made, said="again")
    raise InputError("Choose what to do: settle, send again, or ask the provider.")


def _certificate(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    @router.get("/editions/{name}/certificate.{kind}")
    def certificate_file(name: str, kind: str) -> FileResponse:
        if kind not in FORMATS:
            raise NotFound(f"a certificate comes as {', '.join(FORMATS)}")
        folder = tempfile.TemporaryDirectory(prefix="outreach-certificate-")
        path = FilePath(folder.name) / f"certificate.{kind}"
        try:
            certifying.export_certificate(workspace(), name, path)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(
            path,
            media_type=FORMATS[kind],
            filename=f"certificate-{name}.{kind}",
            headers=dict(security_headers()),
            background=BackgroundTask(folder.cleanup),
        )
