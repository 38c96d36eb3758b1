"""Resources as people read them: the list, and one with its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.ledger import resource_views as views
from outreach.ledger.engine import reading
from outreach.ledger.resource_views import ResourceRow, Search
from outreach.ledger.views import AuditRow, history
from outreach.reports.paging import Paging, page_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["Search"]

SIZE = 50
HISTORY = 20


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """One resource, and how many people were told of it or may have been."""

    row: ResourceRow
    told: int


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """One resource: who was told, the editions that still bring it, and its history."""

    row: ResourceRow
    told: int
    waiting: tuple[str, ...]
    history: tuple[AuditRow, ...]


def resources(
    ws: Workspace, search: Search, *, page: int = 1, size: int = SIZE
) -> tuple[tuple[ResourceLine, ...], Paging]:
    """Return one page of what a search finds, the newest first."""
    with reading(ws.engine) as connection:
        paging = page_of(page, views.resource_count(connection, search), size)
        rows = views.resources(connection, search, limit=size, offset=paging.offset)
        told = views.told_counts(connection, [row.id for row in rows])
    return tuple(ResourceLine(row, told.get(row.id, 0)) for row in rows), paging


def resource(ws: Workspace, number: int) -> ResourceReport:
    """Return one resource by its number. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views.resource_numbered(connection, number)
        return ResourceReport(
            row=row,
            told=views.told_counts(connection, [number]).get(number, 0),
            waiting=views.open_editions_with(connection, number),
            history=history(connection, f"resource {number}", limit=HISTORY),
        )
