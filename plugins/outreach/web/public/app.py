"""The public app. It runs in a process of its own, so that Airflow is never exposed.

No GET changes anything: link scanners follow every link, often many times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from outreach.ledger.engine import answers
from outreach.web.public import assets, events, preferences, unsubscribe, view
from outreach.web.public.headers import SecurityHeaders
from outreach.web.public.pages import Pages

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def create_public_app(ws: Workspace) -> FastAPI:
    """Return the app: the event webhook, unsubscribing, viewing in a browser, images, health."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages = Pages(ws.settings.root / "templates" / "pages" / "public", ws.hub)
    app.add_middleware(SecurityHeaders, policy=pages.policy)
    app.include_router(events.router(ws))
    app.include_router(unsubscribe.router(ws, pages))
    app.include_router(preferences.router(ws, pages))
    app.include_router(view.router(ws, pages))
    app.include_router(assets.router(ws, pages))
    _add_health(app, ws)
    _add_error_pages(app, pages)
    return app


def _add_health(app: FastAPI, ws: Workspace) -> None:
    @app.api_route("/health", methods=["GET", "HEAD"])
    def health() -> JSONResponse:
        if not answers(ws.engine):
            return JSONResponse({"status": "the ledger cannot be reached"}, 503)
        return JSONResponse({"status": "ok"})


def _add_error_pages(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        page = "missing" if error.status_code == 404 else "refused"
        answer = await run_in_threadpool(pages.show, page, error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(sa.exc.SQLAlchemyError)
    async def ledger_down(_request: Request, _error: Exception) -> Response:
        answer = await run_in_threadpool(pages.show, "later", 503)
        answer.headers["Retry-After"] = "60"
        return answer
