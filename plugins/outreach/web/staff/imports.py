"""Imports: what came in, what was set aside, the sheet to mend it by, and taking a list in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from outreach.errors import InputError, NotFound, Refused
from outreach.flows import mending, passing
from outreach.flows.imports import ENDINGS
from outreach.records import ImportKind, ImportState
from outreach.reports import people
from outreach.web.staff import uploads
from outreach.web.staff.downloads import download_headers
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

Page = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]

_DONE = {
    "taken": "This file was taken in.",
    "already": "This file was taken in before, and nothing was changed. This is that import.",
    "nothing": "Nothing was taken: the file is not there any more.",
}
_SAID = {ImportState.DONE: "taken", ImportState.ALREADY_TAKEN: "already"}
_SHEETS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def add_pages(router: APIRouter, workspace: Callable[[], Workspace]) -> None:
    """Add the list, one import and its live figures, for anyone who may read."""

    @router.get("/imports")
    def show_imports(request: Request, number: Page = 1) -> HTMLResponse:
        found, paging = people.imports(workspace(), page=number)
        return page(request, "imports.html", found=found, paging=paging)

    @router.get("/imports/{import_id}")
    def show_import(
        request: Request, import_id: Key, number: Page = 1, done: str = ""
    ) -> HTMLResponse:
        said = _DONE.get(done, "")
        return _import_page(request, workspace(), import_id, number, said=said)

    @router.get("/imports/{import_id}/progress")
    def show_import_progress(request: Request, import_id: Key) -> HTMLResponse:
        row = people.import_progress(workspace(), import_id)
        return page(request, "import_progress.html", row=row)


def add_orders(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    """Add what holds people's details, and taking a list in, to a router behind `act`."""
    _add_upload(router, workspace, who)

    @router.get("/imports/{import_id}/rows")
    def quarantined_rows(request: Request, import_id: Key, number: Page = 1) -> HTMLResponse:
        return _import_page(request, workspace(), import_id, number, rows=True)

    @router.post("/imports/{import_id}", dependencies=[Depends(same_origin)])
    def take_anyway(request: Request, import_id: Key, reason: Text = "") -> Response:
        ws = workspace()
        try:
            why = reasoned(reason, "this file is right all the same")
            results = passing.take_anyway(ws, import_id, reason=why, by=who(request), via=VIA)
        except (InputError, Refused) as error:
            status = status_of(error)
            return _import_page(
                request, ws, import_id, error=str(error), status=status, reason=reason
            )
        number = results[-1].import_id if results else import_id
        said = _SAID.get(results[-1].state, "") if results else "nothing"
        return done(request, "imports", str(number or import_id), said=said)

    @router.get("/imports/{import_id}/sheet.{kind}")
    def sheet(request: Request, import_id: Key, kind: str) -> FileResponse:
        if kind not in _SHEETS:
            raise NotFound(f"the sheet comes as {', '.join(_SHEETS)}")
        folder = tempfile.TemporaryDirectory(prefix="outreach-sheet-")
        path = FilePath(folder.name) / f"import-{import_id}-to-mend.{kind}"
        try:
            mending.write_sheet(workspace(), import_id, path, by=who(request), via=VIA)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(
            path,
            media_type=_SHEETS[kind],
            headers=download_headers(path.name),
            background=BackgroundTask(folder.cleanup),
        )


def _add_upload(router: APIRouter, workspace: Callable[[], Workspace], who: Who) -> None:
    @router.get("/list")
    def show_upload(request: Request) -> HTMLResponse:
        return _upload_page(request, uploads.Typed())

    @router.post("/list", dependencies=[Depends(same_origin)])
    async def upload(request: Request) -> Response:
        # Read here, not by a parameter, which would be read before anybody's right to send it.
        typed = uploads.Typed()
        try:
            with tempfile.TemporaryDirectory(prefix="outreach-upload-") as folder:
                typed, path = await uploads.received(request, FilePath(folder))
                ws, by = workspace(), who(request)
                result = await run_in_threadpool(uploads.take, ws, typed, path, by=by, via=VIA)
        except InputError as error:
            return _upload_page(request, typed, error=str(error), status=400)
        said = _SAID.get(result.state, "")
        return done(request, "imports", str(result.import_id), said=said)


def _import_page(
    request: Request,
    ws: Workspace,
    number: int,
    page_number: int = 1,
    *,
    rows: bool = False,
    status: int = 200,
    said: str = "",
    error: str = "",
    reason: str = "",
) -> HTMLResponse:
    return page(
        request,
        "import.html",
        status=status,
        found=people.import_(ws, number, page=page_number),
        way=passing.way_on(ws, number),
        rows=rows,
        endings=ENDINGS,
        longest=LONGEST_REASON,
        said=said,
        error=error,
        reason=reason,
    )


def _upload_page(
    request: Request, typed: uploads.Typed, *, error: str = "", status: int = 200
) -> HTMLResponse:
    return page(
        request,
        "upload.html",
        status=status,
        typed=typed,
        error=error,
        kinds=tuple(ImportKind),
        endings=ENDINGS,
        largest=uploads.LARGEST // (1 << 20),
    )
