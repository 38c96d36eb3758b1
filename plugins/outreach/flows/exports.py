"""Write what the ledger knows to a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import InputError
from outreach.exports import write_csv
from outreach.flows.mending import OURS
from outreach.ledger import exports as ledger
from outreach.ledger.edition_store import edition_names as names_of
from outreach.ledger.engine import reading
from outreach.reports import exports as reports

if TYPE_CHECKING:
    from outreach.workspace import Workspace

CONTACTS = (
    "contact_id",
    "email",
    "first_name",
    "last_name",
    "organisation",
    "ods_code",
    "sector",
    "ics_area",
    "borough",
    "job_role",
    "pledged",
    "mailable",
    "not_mailable_reason",
    "source",
    "shared_mailbox",
)
PLEDGES = (
    "pledge_id",
    "pledged_at",
    "pledge_kind",
    "contact_id",
    "email",
    "first_name",
    "last_name",
    "organisation",
    "ods_code",
    "sector",
    "ics_area",
    "borough",
    "source",
)
QUARANTINE = ("import_id", "file_name", "row_number", "problem_column", "problem", "advice")


def export(ws: Workspace, what: str, out: Path | str, *, edition: str = "") -> int:
    """Write contacts, pledges or quarantine to `out`; return how many rows.

    `what` is a name of `EXPORTS`; `edition` narrows deliveries and events to one.
    Raises InputError for another name.
    """
    if what not in EXPORTS:
        raise InputError(f"{what!r} cannot be exported; use one of: {', '.join(EXPORTS)}")
    return EXPORTS[what](ws, Path(out), edition)


def _contacts(ws: Workspace, out: Path, _: str) -> int:
    def rows() -> Iterator[tuple[object, ...]]:
        for r in ledger.contact_rows(ws.engine):
            mailable = "no" if r.reason else "yes"
            shared = "yes" if r.shared_mailbox else "no"
            yield (*r[:10], "yes" if r.pledged else "no", mailable, r.reason, r.source, shared)

    return write_csv(out, CONTACTS, rows())


def _pledges(ws: Workspace, out: Path, _: str) -> int:
    def rows() -> Iterator[tuple[object, ...]]:
        for r in ledger.pledge_rows(ws.engine):
            yield (r.id, r.pledged_at.isoformat(), *r[2:])

    return write_csv(out, PLEDGES, rows())


def _quarantine(ws: Workspace, out: Path, _: str) -> int:
    """Each open row whole under its own headings, so that it can be mended and put back in."""
    headings: dict[str, None] = {}
    for row in ledger.quarantined_rows(ws.engine):
        headings |= dict.fromkeys(row.row)
    names = tuple(name for name in headings if name not in (*QUARANTINE, *OURS))

    def rows() -> Iterator[tuple[object, ...]]:
        for r in ledger.quarantined_rows(ws.engine):
            about = (r.import_id, r.file_name, r.row_number, r.column_name, r.reason, r.advice)
            yield (*about, *(r.row.get(name, "") for name in names))

    return write_csv(out, (*QUARANTINE, *names), rows())


def _deliveries(ws: Workspace, out: Path, edition: str) -> int:
    """One edition's deliveries, or every edition's."""

    def rows() -> Iterator[tuple[object, ...]]:
        for name in [edition] if edition else edition_names(ws):
            yield from (astuple(row) for row in reports.deliveries_export(ws, name))

    return write_csv(out, reports.DELIVERY_COLUMNS, rows())


def _events(ws: Workspace, out: Path, edition: str) -> int:
    found = reports.events_export(ws, edition or None)
    return write_csv(out, reports.EVENT_COLUMNS, (astuple(row) for row in found))


EXPORTS: dict[str, Callable[[Workspace, Path, str], int]] = {
    "contacts": _contacts,
    "deliveries": _deliveries,
    "events": _events,
    "pledges": _pledges,
    "quarantine": _quarantine,
}


def edition_names(ws: Workspace) -> list[str]:
    """Return every edition's name, oldest first."""
    with reading(ws.engine) as connection:
        return names_of(connection)
