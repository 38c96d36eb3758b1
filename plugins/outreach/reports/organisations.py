"""Organisations as people read them: the list, one of them, and where pledges stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.errors import InputError
from outreach.ledger import organisation_coverage as coverages
from outreach.ledger import organisation_doubts as doubts
from outreach.ledger import organisation_views as views
from outreach.ledger.engine import reading
from outreach.ledger.organisation_coverage import CoverageLine
from outreach.ledger.organisation_doubts import Doubtful
from outreach.ledger.organisation_views import (
    ListedOrganisation,
    OrganisationRow,
    PledgeCount,
    Search,
)

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["CoverageLine", "Doubtful", "Search"]

SIZE = 50
NOT_KNOWN = "Not known"

GROUPS = {"pcn": "Primary Care Network", "borough": "Borough", "area": "Area", "sector": "Sector"}
"""What pledge coverage can be grouped by, and its heading."""


@dataclass(frozen=True, slots=True)
class CoverageExport:
    """One line of the coverage file: open organisations of one group, and where pledges stand."""

    grouped_by: str
    code: str
    name: str
    ics_area: str
    organisations: int
    with_a_pledge: int
    pledged_as_organisation: int
    share: str


COVERAGE = tuple(field.name for field in fields(CoverageExport))


@dataclass(frozen=True, slots=True)
class OrganisationsPage:
    """One page of the list, by name. `before` and `after`: where its neighbours begin, or 0."""

    lines: tuple[ListedOrganisation, ...]
    search: Search
    before: int
    after: int
    pcns: tuple[tuple[str, str], ...]
    doubtful: int


@dataclass(frozen=True, slots=True)
class OrganisationReport:
    """One organisation: what is known, its people by why not mailable, its pledges."""

    row: OrganisationRow
    closed: bool
    people: int
    mailable: int
    reasons: tuple[tuple[str, int], ...]
    pledges: tuple[PledgeCount, ...]


@dataclass(frozen=True, slots=True)
class CoverageTable:
    """Pledge coverage of one grouping, with its total."""

    by: str
    heading: str
    lines: tuple[CoverageLine, ...]
    total: CoverageLine


def organisations(
    ws: Workspace, search: Search, *, after: int = 0, before: int = 0, size: int = SIZE
) -> OrganisationsPage:
    """Return one page of the list: from the number `after` on, or up to `before`."""
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        lines = views.organisations(
            connection, search, now, after=after, before=before, limit=size + 1
        )
        waiting = doubts.doubtful_count(connection)
        networks = views.networks(connection, search.ics_area)
    backwards = bool(before) and not after
    more = len(lines) > size
    lines = (lines[1:] if backwards else lines[:-1]) if more else lines
    has_before = more if backwards else bool(after)
    has_after = True if backwards else more
    return OrganisationsPage(
        lines=lines,
        search=search,
        before=lines[0].row.id if lines and has_before else 0,
        after=lines[-1].row.id if lines and has_after else 0,
        pcns=networks,
        doubtful=waiting,
    )


def organisation(ws: Workspace, ods_code: str) -> OrganisationReport:
    """Return one organisation by its ODS code. Raises NotFound."""
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        row = views.organisation_coded(connection, ods_code)
        people = views.people_at(connection, row.id)
        pledges = views.pledges_at(connection, row.id)
    reasons = sorted((p for p in people if p.reason), key=lambda p: (-p.people, p.reason))
    return OrganisationReport(
        row=row,
        closed=bool(row.closed_at and row.closed_at <= now),
        people=sum(p.people for p in people),
        mailable=sum(p.people for p in people if not p.reason),
        reasons=tuple((p.reason, p.people) for p in reasons),
        pledges=pledges,
    )


def coverage(ws: Workspace, by: str, *, sector: str = "", ics_area: str = "") -> CoverageTable:
    """Return pledge coverage by one of `GROUPS`. Raises InputError for another."""
    if by not in GROUPS:
        raise InputError(f"coverage goes by one of: {', '.join(GROUPS)}")
    with reading(ws.engine) as connection:
        lines = coverages.coverage(
            connection, by, datetime.now(UTC), sector=sector, ics_area=ics_area
        )
    total = CoverageLine(
        "All",
        "",
        "",
        sum(line.organisations for line in lines),
        sum(line.pledged for line in lines),
        sum(line.as_organisation for line in lines),
    )
    # What is not known is said last.
    return CoverageTable(
        by, GROUPS[by], tuple(sorted(lines, key=lambda line: not line.code)), total
    )


def coverage_rows(
    ws: Workspace, *, sector: str = "", ics_area: str = ""
) -> Iterator[CoverageExport]:
    """Yield the coverage file's rows: every grouping, one after the other."""
    for by, heading in GROUPS.items():
        for line in coverage(ws, by, sector=sector, ics_area=ics_area).lines:
            yield CoverageExport(
                grouped_by=heading,
                code=line.code if by == "pcn" else "",
                name=line.group or NOT_KNOWN,
                ics_area=line.ics_area,
                organisations=line.organisations,
                with_a_pledge=line.pledged,
                pledged_as_organisation=line.as_organisation,
                share=f"{line.pledged / line.organisations:.1%}",
            )


def doubtful_count(ws: Workspace) -> int:
    """Return how many names wait for a person to say which organisation they mean."""
    with reading(ws.engine) as connection:
        return doubts.doubtful_count(connection)


def match(ws: Workspace, number: int) -> Doubtful:
    """Return one name with what it may mean. Raises NotFound."""
    with reading(ws.engine) as connection:
        return doubts.match(connection, number)
