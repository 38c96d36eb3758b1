"""The staff app: read-only pages, downloads, and the orders to pause, resume and cancel.

It authenticates nobody by itself: whoever mounts it hands in `Guards`, and every route
depends on them (a test walks all routes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from outreach.web.staff import errors
from outreach.web.staff.guards import Guards, possible, seeing
from outreach.web.staff.orders import orders_router
from outreach.web.staff.routes import pages_router

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["Guards", "create_staff_app"]


def create_staff_app(
    workspace: Callable[[], Workspace],
    guard: Guards,
    warnings: Callable[[], Sequence[str]] | None = None,
) -> FastAPI:
    """Return the staff app, to be mounted under a prefix behind Airflow's log-in.

    `workspace` is called for each request, so it should open the workspace once and keep it.
    `warnings` gives what `outreach doctor` would warn of, for the overview.
    """
    app = FastAPI(
        title="Outreach",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guard.read), Depends(possible), Depends(seeing(guard))],
    )
    app.include_router(pages_router(workspace, warnings or tuple))
    app.include_router(orders_router(workspace, guard))
    errors.install(app)
    return app
