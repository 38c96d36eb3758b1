"""Contacts and imports as people read them: totals by sector and area, and rows to mend."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.ledger import views_people
from outreach.ledger.engine import reading
from outreach.ledger.mending import open_counts
from outreach.ledger.views_people import ImportRow, QuarantinedRow
from outreach.reports.paging import Paging, page_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

NOT_KNOWN = "Not known"


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One sector or area: its contacts, and how many of them may be written to."""

    name: str
    people: int
    mailable: int


@dataclass(frozen=True, slots=True)
class ContactsReport:
    """Every contact once. `reasons` says why those who are not mailable are not."""

    people: int
    mailable: int
    pledged: int
    by_sector: tuple[GroupLine, ...]
    by_area: tuple[GroupLine, ...]
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import in the list; `open` are its quarantined rows that nobody has mended yet."""

    row: ImportRow
    open: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One import with a page of its quarantined rows, of which `open` are not mended yet."""

    row: ImportRow
    open: int
    reasons: tuple[tuple[str, int], ...]
    quarantined: tuple[QuarantinedRow, ...]
    paging: Paging


def contacts(ws: Workspace) -> ContactsReport:
    """Return how many contacts there are and how many may be written to, and why not."""
    with reading(ws.engine) as connection:
        groups = views_people.contact_groups(connection)
        pledged = views_people.pledged_contacts(connection)
    reasons: Counter[str] = Counter()
    sectors: dict[str, Counter[bool]] = {}
    areas: dict[str, Counter[bool]] = {}
    for group in groups:
        reasons[group.reason] += group.people
        mailable = not group.reason
        sectors.setdefault(group.sector or NOT_KNOWN, Counter())[mailable] += group.people
        areas.setdefault(group.ics_area or NOT_KNOWN, Counter())[mailable] += group.people
    mailable_people = reasons.pop("", 0)
    return ContactsReport(
        people=mailable_people + reasons.total(),
        mailable=mailable_people,
        pledged=pledged,
        by_sector=_lines(sectors),
        by_area=_lines(areas),
        reasons=tuple(reasons.most_common()),
    )


def imports(
    ws: Workspace, *, page: int = 1, size: int = 25
) -> tuple[tuple[ImportLine, ...], Paging]:
    """Return one page of imports, newest first."""
    with reading(ws.engine) as connection:
        paging = page_of(page, views_people.import_count(connection), size)
        rows = views_people.imports(connection, limit=size, offset=paging.offset)
        opened = open_counts(connection, [row.id for row in rows])
    return tuple(ImportLine(row, opened.get(row.id, 0)) for row in rows), paging


def import_progress(ws: Workspace, number: int) -> ImportRow:
    """Return one import as it stands at this moment. Raises NotFound."""
    with reading(ws.engine) as connection:
        return views_people.import_numbered(connection, number)


def import_(ws: Workspace, number: int, *, page: int = 1) -> ImportReport:
    """Return one import with a page of its quarantined rows. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views_people.import_numbered(connection, number)
        paging = page_of(page, row.quarantined)
        return ImportReport(
            row=row,
            open=open_counts(connection, [number]).get(number, 0),
            reasons=views_people.quarantine_reasons(connection, number),
            quarantined=views_people.quarantined(
                connection, number, limit=paging.size, offset=paging.offset
            ),
            paging=paging,
        )


def _lines(groups: dict[str, Counter[bool]]) -> tuple[GroupLine, ...]:
    named = sorted(groups.items(), key=lambda item: (item[0] == NOT_KNOWN, item[0]))
    return tuple(GroupLine(name, found.total(), found[True]) for name, found in named)
