"""Rows for files: every delivery, every event; and CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from outreach.exports import safe_cell
from outreach.ledger import views, views_deliveries
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_CHUNK = 5_000
_LINES = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryExport:
    """One line of a deliveries file. Ids and times are text; times are UTC, ISO 8601."""

    delivery_id: str
    edition_id: str
    campaign: str
    variant: str
    contact_id: str
    email: str
    status: str
    reason: str
    provider_message_id: str
    accepted_at: str


@dataclass(frozen=True, slots=True)
class EventExport:
    """One line of an events file; `delivery_id` joins it to the deliveries file."""

    delivery_id: str
    edition_id: str
    campaign: str
    contact_id: str
    type: str
    occurred_at: str
    link: str
    reason: str
    machine: str
    simulated: str


DELIVERY_COLUMNS = tuple(field.name for field in fields(DeliveryExport))
EVENT_COLUMNS = tuple(field.name for field in fields(EventExport))


def deliveries_export(
    ws: Workspace, edition: str, *, by: str = "", via: str = ""
) -> Iterator[DeliveryExport]:
    """Return every delivery of the edition called `edition`, by contact.

    Where `by` says who asks, the audit log notes it. Raises NotFound now, not at the first row.
    """
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, edition)
    _note(ws, by, via, "export deliveries", edition)
    return _deliveries(ws, row)


def _deliveries(ws: Workspace, edition: views.EditionRow) -> Iterator[DeliveryExport]:
    rows = views_deliveries.all_deliveries(ws.engine, edition.id)
    while chunk := list(islice(rows, _CHUNK)):
        ids = ws.keys.delivery_ids(edition.id, (row.contact_id for row in chunk))
        for outside, row in zip(ids, chunk, strict=True):
            yield DeliveryExport(
                delivery_id=outside,
                edition_id=edition.name,
                campaign=edition.campaign,
                variant=str(row.variant or ""),
                contact_id=str(row.contact_id),
                email=row.email,
                status=row.state.value,
                reason=row.reason,
                provider_message_id=row.message_id,
                accepted_at=_iso(row.accepted_at),
            )


def events_export(
    ws: Workspace, edition: str | None = None, *, by: str = "", via: str = ""
) -> Iterator[EventExport]:
    """Return every event that belongs to a delivery, in the order of arrival; of one edition
    where its name is given.

    Where `by` says who asks, the audit log notes it. Raises NotFound now.
    """
    with reading(ws.engine) as connection:
        only = views.edition_named(connection, edition).id if edition else None
        names = views.edition_names(connection)
    _note(ws, by, via, "export events", edition or "all editions")
    return _events(ws, only, names)


def _note(ws: Workspace, by: str, via: str, action: str, subject: str) -> None:
    if by:
        now = datetime.now(UTC)
        with ws.engine.begin() as connection:
            note(connection, who=by, via=via, action=action, subject=subject, at=now)


def _events(
    ws: Workspace, only: int | None, names: dict[int, tuple[str, str]]
) -> Iterator[EventExport]:
    for row in views_deliveries.all_events(ws.engine, only):
        name, slug = names.get(row.edition_id, ("", ""))
        yield EventExport(
            delivery_id=ws.keys.delivery_id(row.edition_id, row.contact_id),
            edition_id=name,
            campaign=slug,
            contact_id=str(row.contact_id),
            type=row.type,
            occurred_at=_iso(row.occurred_at),
            link=row.link,
            reason=row.reason,
            machine="yes" if row.machine else "no",
            simulated="yes" if row.simulated else "no",
        )


def csv_lines(columns: Sequence[str], rows: Iterable[Any]) -> Iterator[str]:
    """Yield a CSV text piece by piece: the header, then the attributes `columns` of each row,
    each made safe for spreadsheets."""
    cells = attrgetter(*columns)
    waiting = iter(rows)
    yield _csv([columns])
    while chunk := list(islice(waiting, _LINES)):
        yield _csv([safe_cell(value) for value in cells(row)] for row in chunk)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _iso(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z") if instant else ""
