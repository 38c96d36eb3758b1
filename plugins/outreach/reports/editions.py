"""Editions as people read them: how they stand, their account, who decided, their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outreach.domain import Control, DeliveryState, EditionState, Following
from outreach.engagement.rollup import Engagement
from outreach.engagement.rollup import engagement as figures
from outreach.errors import Fault
from outreach.ledger import follow_ups, views, views_deliveries
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.engine import reading
from outreach.ledger.views import AuditRow, EditionRow
from outreach.ledger.views_deliveries import DeliveryRow, VariantRow
from outreach.reports.paging import Paging, page_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

HISTORY = 20
DOUBTS = 50
"""How many doubts the edition's own page lists; the deliveries page lists the rest."""

PAUSED_WAITING = "paused, waiting for approval"
_STANDING = {
    EditionState.APPROVED: "approved",
    EditionState.REJECTED: "rejected",
    EditionState.SENDING: "sending",
    EditionState.SENT: "sent",
    EditionState.CANCELLED: "cancelled",
    EditionState.RECOVERED: "restored from the claim journal",
}


@dataclass(frozen=True, slots=True)
class EditionSummary:
    """One edition in a list: its record, and how its people stand by delivery state."""

    row: EditionRow
    counts: dict[DeliveryState, int]

    @property
    def standing(self) -> str:
        """How the edition stands, in words."""
        return standing(self.row)

    @property
    def doubts(self) -> int:
        """How many deliveries are in doubt."""
        return self.counts.get(DeliveryState.UNKNOWN, 0)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One line of a certificate. `part` lines stand below, and are part of, the line above."""

    label: str
    people: int
    means: str
    part: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery with its opaque outside id."""

    id: str
    row: DeliveryRow


@dataclass(frozen=True, slots=True)
class EditionReport:
    """Everything the page of one edition shows."""

    row: EditionRow
    certificate: Certificate
    faults: tuple[Fault, ...]
    variants: tuple[VariantRow, ...]
    doubts: tuple[DeliveryLine, ...]
    history: tuple[AuditRow, ...]
    engagement: Engagement
    follows: Following | None
    follow_ups: tuple[str, ...]

    @property
    def standing(self) -> str:
        """How the edition stands, in words."""
        return standing(self.row)

    @property
    def account(self) -> tuple[AccountLine, ...]:
        """The certificate's lines below `intended`; those that are not parts add up to it."""
        return account(self.certificate)


def standing(row: EditionRow) -> str:
    """Return how an edition stands in words that say what it waits for."""
    if row.state in (EditionState.APPROVED, EditionState.SENDING) and row.control != Control.RUN:
        return "paused" if row.control == Control.PAUSE else "stopping"
    if row.state is not EditionState.PREPARED:
        return _STANDING[row.state]
    if any(fault.blocking for fault in stored_faults(row.faults)):
        return "stopped by faults"
    if not row.checked_at:
        return "prepared, not checked yet"
    return "waiting for approval" if row.control == Control.RUN else PAUSED_WAITING


def stored_faults(stored: Any) -> tuple[Fault, ...]:
    """Return the faults that the checks left with an edition."""
    names = Fault.__dataclass_fields__
    kept = ({key: value for key, value in one.items() if key in names} for one in stored or ())
    return tuple(Fault(**{**one, "variants": tuple(one.get("variants", ()))}) for one in kept)


def account(found: Certificate) -> tuple[AccountLine, ...]:
    """Return the lines of a certificate in the order in which they add up."""
    became = [
        AccountLine(_BECAME[word], people, _BECAME_MEANS[word], part=True)
        for word, people in found.became.items()
    ]
    return (
        AccountLine("Accepted by the provider", found.accepted, "of which now:"),
        *became,
        AccountLine("Failed", found.failed, "the provider refused the message"),
        AccountLine("Suppressed", found.suppressed, "must not be written to"),
        AccountLine("Cancelled", found.cancelled, "a person or the send-by time stopped it"),
        AccountLine("In doubt", found.unknown, "it is not known whether the provider took it"),
        AccountLine("Being handed over", found.claimed, "a sender holds it now"),
        AccountLine("Planned", found.planned, "not handed over yet"),
    )


_BECAME = {
    DeliveryState.ACCEPTED.value: "No news yet",
    DeliveryState.DEFERRED.value: "Deferred",
    DeliveryState.DELIVERED.value: "Delivered",
    DeliveryState.BOUNCED.value: "Bounced",
    DeliveryState.DROPPED.value: "Dropped",
}
_BECAME_MEANS = {
    DeliveryState.ACCEPTED.value: "accepted, and nothing heard since",
    DeliveryState.DEFERRED.value: "their mail server asked the provider to try again",
    DeliveryState.DELIVERED.value: "their mail server took it",
    DeliveryState.BOUNCED.value: "their mail server refused it",
    DeliveryState.DROPPED.value: "the provider did not try",
}


def editions(
    ws: Workspace, *, slug: str = "", page: int = 1, size: int = 25
) -> tuple[tuple[EditionSummary, ...], Paging]:
    """Return one page of editions, newest first; of one campaign where `slug` is given."""
    with reading(ws.engine) as connection:
        paging = page_of(page, views.edition_count(connection, slug=slug), size)
        rows = views.editions(connection, slug=slug, limit=size, offset=paging.offset)
        counts = views.state_counts(connection, [row.id for row in rows])
    return tuple(EditionSummary(row, counts[row.id]) for row in rows), paging


def edition(ws: Workspace, name: str) -> EditionReport:
    """Return the report of the edition called `name`. Raises NotFound."""
    engagement = figures(ws, name)
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        doubts = views_deliveries.deliveries(
            connection, row.id, state=DeliveryState.UNKNOWN, limit=DOUBTS
        )
        return EditionReport(
            row=row,
            certificate=certificate(connection, name),
            faults=stored_faults(row.faults),
            variants=views_deliveries.variants(connection, row.id),
            doubts=_lines(ws, row.id, doubts),
            history=views.history(connection, name, limit=HISTORY),
            engagement=engagement,
            follows=follow_ups.followed(connection, row.id),
            follow_ups=follow_ups.follow_ups(connection, row.id),
        )


def deliveries(
    ws: Workspace, name: str, *, state: DeliveryState | None = None, page: int = 1
) -> tuple[EditionSummary, tuple[DeliveryLine, ...], Paging]:
    """Return one page of an edition's deliveries; only those in `state`. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        counts = views.state_counts(connection, [row.id])[row.id]
        total = sum(counts.values()) if state is None else counts.get(state, 0)
        paging = page_of(page, total)
        rows = views_deliveries.deliveries(
            connection, row.id, state=state, limit=paging.size, offset=paging.offset
        )
    return EditionSummary(row, counts), _lines(ws, row.id, rows), paging


def _lines(
    ws: Workspace, edition_id: int, rows: tuple[DeliveryRow, ...]
) -> tuple[DeliveryLine, ...]:
    ids = ws.keys.delivery_ids(edition_id, (row.contact_id for row in rows))
    return tuple(DeliveryLine(outside, row) for outside, row in zip(ids, rows, strict=True))
