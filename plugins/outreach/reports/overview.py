"""The first page: what needs a person, the latest editions, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import Fault
from outreach.flows import retention
from outreach.flows.retention import RetentionReport
from outreach.ledger import holds, views, views_people
from outreach.ledger.engine import reading
from outreach.ledger.mending import open_counts
from outreach.ledger.views import EditionRow
from outreach.reports.campaigns import campaign_faults
from outreach.reports.editions import PAUSED_WAITING, EditionSummary, editions, standing

if TYPE_CHECKING:
    from outreach.workspace import Workspace

LATEST = 8
QUARANTINE_DAYS = 14

_ASKS = {
    "waiting for approval": "is waiting for approval",
    PAUSED_WAITING: "is waiting for approval, and is paused",
    "stopped by faults": "was stopped by its checks",
}


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person. `page` is where on the staff pages it is mended;
    `in_airflow` is the Airflow page where it is answered, where there is one."""

    kind: str
    name: str
    words: str
    page: tuple[str, ...] = ()
    in_airflow: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first page shows."""

    needs: tuple[Need, ...]
    latest: tuple[EditionSummary, ...]
    editions: int
    contacts: int
    pledged: int
    campaigns_faults: int
    retention: tuple[RetentionReport, ...] = ()


def overview(
    ws: Workspace, *, warnings: Sequence[str] = (), now: datetime | None = None
) -> Overview:
    """Return the overview. `warnings` are what `outreach doctor` would say, one each."""
    now = now or datetime.now(UTC)
    faults = campaign_faults(ws)
    latest, paging = editions(ws, size=LATEST)
    with reading(ws.engine) as connection:
        contacts = views_people.contact_count(connection)
        pledged = views_people.pledged_contacts(connection)
    needs = (
        *_warnings(warnings),
        *_held(ws),
        *_editions(ws),
        *_doubts(ws),
        *_campaigns(faults),
        *_imports(ws, now - timedelta(days=QUARANTINE_DAYS)),
        *_matches(ws),
    )
    return Overview(
        needs, latest, paging.total, contacts, pledged, len(faults), retention.latest(ws)
    )


def _warnings(warnings: Sequence[str]) -> Iterator[Need]:
    for words in warnings:
        yield Need("Set-up", "Deployment", words)


def _held(ws: Workspace) -> Iterator[Need]:
    with reading(ws.engine) as connection:
        held = holds.holds(connection)
    for one in held:
        words = f"is held by {one.who}: {one.reason}"
        yield Need("Campaign", one.campaign, words, ("campaigns", one.campaign))


def _editions(ws: Workspace) -> Iterator[Need]:
    with reading(ws.engine) as connection:
        rows = views.open_editions(connection)
    for row in rows:
        how = standing(row)
        if how == "paused" or how in _ASKS:
            yield _edition_need(row, how)


def _edition_need(row: EditionRow, how: str) -> Need:
    answer = (
        "required_actions?response_received=false"
        if how in ("waiting for approval", PAUSED_WAITING)
        else ""
    )
    words = holds.paused_words(row.control_reason) if how == "paused" else _ASKS[how]
    return Need("Edition", row.name, words, ("editions", row.name), answer)


def _doubts(ws: Workspace) -> Iterator[Need]:
    with reading(ws.engine) as connection:
        doubts = views.doubts(connection)
    for name, people in doubts.items():
        some = "1 delivery" if people == 1 else f"{people:,} deliveries"
        yield Need("Doubt", name, f"has {some} in doubt", ("editions", name))


def _campaigns(faults: Sequence[Fault]) -> Iterator[Need]:
    for fault in faults:
        where = f"{fault.file}:{fault.line}" if fault.line else fault.file
        page = ("campaigns", Path(fault.file).stem) if fault.file else ("campaigns",)
        yield Need("Campaign file", where or "Campaigns", fault.message, page)


def _imports(ws: Workspace, since: datetime) -> Iterator[Need]:
    with reading(ws.engine) as connection:
        rows = views_people.imports(connection, limit=10, with_quarantine=True, since=since)
        opened = open_counts(connection, [row.id for row in rows])
        refused = views_people.imports(connection, limit=5, refused=True, since=since)
    for row in rows:
        one = opened[row.id] == 1
        words = (
            f"set aside {opened[row.id]:,} "
            f"{'row that still needs' if one else 'rows that still need'} mending"
        )
        yield Need("Import", row.source or row.file_name, words, ("imports", str(row.id)))
    for row in refused:
        words = "was refused, and nothing of it was taken"
        yield Need("Import", row.file_name or row.source, words, ("imports", str(row.id)))


def _matches(ws: Workspace) -> Iterator[Need]:
    with reading(ws.engine) as connection:
        names = views_people.doubtful_matches(connection)
    if names:
        some = "1 name" if names == 1 else f"{names:,} names"
        words = f"may mean one of several: {some} for a person to settle"
        yield Need("Organisation", "Doubtful matches", words, ("organisations", "doubtful"))
