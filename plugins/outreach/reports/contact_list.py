"""The list of contacts as people search it: what was typed, and the page that it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.domain import SuppressionReason
from outreach.errors import TokenError
from outreach.ledger import contact_list as ledger
from outreach.ledger import mailable
from outreach.ledger.contact_list import ContactRow, Wanted
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace

SIZE = 50
MOST_WORDS = 6

FILTERS = ("sector", "ics_area", "borough", "standing", "pledged", "source", "shared")
REASONS = (
    mailable.NO_BASIS,
    mailable.LEFT,
    mailable.DOMAIN,
    *(reason.value for reason in SuppressionReason),
)
"""Why somebody may not be written to for any purpose, as the filter offers it."""

COLUMNS = (
    "email",
    "first_name",
    "last_name",
    "organisation",
    "job_role",
    "sector",
    "ics_area",
    "borough",
    "pledged",
    "mailable",
    "not_mailable_reason",
    "shared_mailbox",
    "left_on",
    "source",
)


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact with the opaque id that its page goes by."""

    id: str
    row: ContactRow


@dataclass(frozen=True, slots=True)
class ContactList:
    """One page of contacts. `before` and `after` are the ids that the pages before and after
    this one begin at, '' where there is none."""

    lines: tuple[ContactLine, ...]
    before: str
    after: str
    choices: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ContactExport:
    """One line of a contacts file."""

    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    organisation: str
    job_role: str
    sector: str
    ics_area: str
    borough: str
    pledged: str
    mailable: str
    not_mailable_reason: str
    shared_mailbox: str
    left_on: str
    source: str


def wanted(ws: Workspace, text: str, filters: Mapping[str, str]) -> Wanted:
    """Return what a search asks for. A whole address is looked up by its hash: nothing else
    is as quick, or finds a person whose address is kept only as one."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    whole = "@" in words.strip("@") and " " not in words
    return Wanted(
        words=() if whole else tuple(words.split()[:MOST_WORDS]),
        address_hash=ws.keys.address_hash(words) if whole else b"",
        sector=filters.get("sector", ""),
        ics_area=filters.get("ics_area", ""),
        borough=filters.get("borough", ""),
        standing=filters.get("standing", ""),
        pledged=filters.get("pledged", ""),
        source=filters.get("source", ""),
        shared=filters.get("shared", ""),
    )


def contact_list(ws: Workspace, asked: Wanted, *, after: str = "", before: str = "") -> ContactList:
    """Return the page of contacts past the one called `after`, or up to the one called `before`.

    Ids that we did not give out ask for the first page.
    """
    start, end = _number(ws, after), _number(ws, before)
    with reading(ws.engine) as connection:
        rows = ledger.contact_page(connection, asked, after=start, before=end, limit=SIZE + 1)
        sources = ledger.sources(connection)
    more = len(rows) > SIZE
    rows = (rows[1:] if end else rows[:SIZE]) if more else rows
    ids = ws.keys.person_ids(row.id for row in rows)
    lines = tuple(ContactLine(one, row) for one, row in zip(ids, rows, strict=True))
    first_page = not start and not (end and more)
    last_page = not end and not more
    return ContactList(
        lines,
        before="" if first_page or not lines else lines[0].id,
        after="" if last_page or not lines else lines[-1].id,
        choices=_choices(ws, sources),
    )


def contacts_export(ws: Workspace, asked: Wanted, *, by: str, via: str) -> Iterator[ContactExport]:
    """Return every contact that is asked for; the audit log notes who took them out."""
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        note(connection, who=by, via=via, action="export contacts", subject="contacts", at=now)
    return map(_exported, ledger.all_contacts(ws.engine, asked))


def _exported(row: ContactRow) -> ContactExport:
    return ContactExport(
        row.email,
        row.first_name,
        row.last_name,
        row.organisation,
        row.job_role,
        row.sector,
        row.ics_area,
        row.borough,
        "yes" if row.pledged else "no",
        "no" if row.reason else "yes",
        row.reason,
        "yes" if row.shared_mailbox else "no",
        f"{row.left_at:%Y-%m-%d}" if row.left_at else "",
        row.source,
    )


def _number(ws: Workspace, outside: str) -> int:
    try:
        return ws.keys.open_person_id(outside) if outside else 0
    except TokenError:
        return 0


def _choices(ws: Workspace, sources: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    hub = ws.hub
    return {
        "sector": tuple(hub.sectors),
        "ics_area": tuple(area.name for area in hub.areas),
        "borough": tuple(hub.boroughs),
        "standing": REASONS,
        "source": sources,
    }
