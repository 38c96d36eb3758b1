"""Approvals as people read them: what waits, who stands in for whom, what stands by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.campaigns import load_library
from outreach.domain import EditionState
from outreach.flows.audience_limit import Moved, moved_of
from outreach.flows.deputies import Mandate, answerers, mandates
from outreach.flows.side_messages import SideRow
from outreach.flows.standing import Standing, standing_approvals
from outreach.ledger import audience_change, edition_store, question_store, views
from outreach.ledger.audience_change import CHANGES, Change, Mover
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.question_store import Question
from outreach.ledger.views import EditionRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outreach.workspace import Workspace

MOVER_COLUMNS = ("change", "contact_id", "email", "sector", "ics_area", "borough", "reason")
SHOWN = 50
"""People of each list that the page shows; the file has all."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One edition whose question waits, and who may answer it, in words."""

    name: str
    title: str
    question: Question
    answerers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A deputy who stands in a file, for good: in hub.yaml, or of one campaign."""

    approver: str
    deputies: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class ApprovalsReport:
    """Everything the page of approvals shows."""

    waiting: tuple[Waiting, ...]
    mandates: tuple[Mandate, ...]
    written: tuple[Written, ...]
    standing: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class AudienceReport:
    """An edition's audience against the last one that was sent; up to `SHOWN` of each list."""

    row: EditionRow
    moved: Moved
    lists: tuple[tuple[Change, int, tuple[Mover, ...]], ...]


def approvals(ws: Workspace) -> ApprovalsReport:
    """Return what waits for an approver, who stands in for whom, and what stands by itself."""
    return ApprovalsReport(
        _waiting(ws), mandates(ws), _written(ws), standing_approvals(ws, with_void=True)
    )


def _waiting(ws: Workspace) -> tuple[Waiting, ...]:
    with reading(ws.engine) as connection:
        records = [
            edition_store.get(connection, name) for name in edition_store.open_editions(connection)
        ]
        asked = [
            (record, question_store.question_of(connection, record.id))
            for record in records
            if record.state == EditionState.PREPARED
        ]
    return tuple(
        Waiting(
            record.name,
            record.title,
            question,
            tuple(one.signature for one in answerers(ws, record)),
        )
        for record, question in asked
        if question is not None
    )


def _written(ws: Workspace) -> tuple[Written, ...]:
    found = [Written(who, named, "hub.yaml") for who, named in ws.hub.deputies.items()]
    library = load_library(ws.settings.campaigns, ws.hub)
    for slug, one in sorted(library.campaigns.items()):
        found += [Written(who, named, slug) for who, named in one.deputies.items()]
    return tuple(found)


def audience(ws: Workspace, name: str) -> AudienceReport:
    """Return how an edition's audience differs from the last one's. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        record = edition_store.get(connection, name)
    moved, lists = moved_of(ws, record), []
    if moved.change:
        counts = {"joined": moved.change.joined, "gone": moved.change.gone}
        with reading(ws.engine) as connection:
            for change in CHANGES:
                some = audience_change.page(
                    connection, record.id, moved.change.before_id, change, 0, SHOWN
                )
                lists.append((change, counts.get(change, moved.change.both), some))
    return AudienceReport(row, moved, tuple(lists))


def audience_export(ws: Workspace, name: str, *, by: str, via: str) -> Iterator[Mover]:
    """Return everybody of the comparison, by list; the audit log notes who asked.

    Raises NotFound now, not at the first row.
    """
    from datetime import UTC, datetime

    found = audience(ws, name)
    with ws.engine.begin() as connection:
        now = datetime.now(UTC)
        note(connection, who=by, via=via, action="export audience", subject=name, at=now)
    if found.moved.change is None:
        return iter(())
    return audience_change.movers(ws.engine, found.row.id, found.moved.change.before_id)


def told(rows: tuple[SideRow, ...], *kinds: str) -> tuple[SideRow, ...]:
    """Return the side messages of some kinds."""
    return tuple(row for row in rows if row.kind in kinds)
