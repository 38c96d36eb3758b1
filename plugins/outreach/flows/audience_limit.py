"""An audience that moved too far since the last edition stops before a person is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.campaigns import Campaign, campaign_of
from outreach.domain import EditionState
from outreach.errors import Fault, OutreachError, Refused
from outreach.flows.notices import tell
from outreach.flows.preparing import find_campaign
from outreach.flows.who import named
from outreach.ledger import edition_store, follow_ups, notices, question_store
from outreach.ledger.audience_change import AudienceChange, Group, audience_change, groups
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.question_store import Pass
from outreach.wording import shown_path
from outreach.workspace import Workspace

_SHOWN = 3
"""Groups of each kind that the fault itself names; the page has them all."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An edition's audience against the last one that was sent.

    `change` is None for a first edition. `limit` is in percent, None where there is none, and
    `why` then says why. `passed`: who let it pass all the same.
    """

    change: AudienceChange | None
    limit: float | None
    why: str
    groups: tuple[Group, ...]
    passed: Pass | None

    @property
    def too_far(self) -> bool:
        """Whether it moved further than it may, whoever let it pass."""
        if self.change is None or self.limit is None:
            return False
        return self.change.moved > self.limit

    @property
    def stops(self) -> bool:
        """Whether it stops the edition."""
        return self.too_far and self.passed is None

    @property
    def words(self) -> str:
        """What an approver is told about it."""
        if self.change is None:
            return "No edition of this campaign was sent before, so there is nothing to compare."
        said = self.change.described()
        if self.limit is None:
            return f"{said} {self.why}"
        if self.passed:
            over = f"That is more than its limit of {self.limit:g}%"
            return f"{said} {over}; {self.passed.by} let it pass: {self.passed.reason}."
        return f"{said} Its limit is {self.limit:g}%."


def moved(ws: Workspace, edition: str) -> Moved:
    """Return how far an edition's audience moved, and how far it may. Raises NotFound."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    return moved_of(ws, record)


def moved_of(ws: Workspace, record: EditionRecord) -> Moved:
    """The same, of an edition that was read already."""
    limit, why = _limit(ws, record)
    with reading(ws.engine) as connection:
        change = audience_change(connection, record)
        found = groups(connection, record.id, change.before_id) if change else ()
        passed = question_store.passed(connection, record.id, record.audience_hash)
    return Moved(change, limit, why, found, passed)


def limit_fault(ws: Workspace, record: EditionRecord, campaign: Campaign) -> Fault | None:
    """Return what stops an edition whose audience moved too far, before anybody is asked.

    Its owner gets a notice. Once the question is put it is not judged again: the approver
    decides on what they see.
    """
    with reading(ws.engine) as connection:
        asked = question_store.question_of(connection, record.id)
    if record.state != EditionState.PREPARED or asked:
        return None
    found = moved_of(ws, record)
    if not found.stops or found.change is None:
        return None
    message = (
        f"the audience moved by {found.change.moved:.0f}% since {found.change.before}, and "
        f"{found.limit:g}% is the limit: {found.change.joined:,} joined, {found.change.gone:,} "
        f"are gone. {_in_short(found.groups)}If that is right, somebody who did not write it lets "
        f"it pass with a reason: on the edition's page, with the DAG “Control sending”, or "
        f"outreach let-pass {record.name}; then clear the task check. If not, cancel the edition "
        "and mend the segment or the source"
    )
    _notice(ws, record, message)
    return Fault(message, file=shown_path(campaign.file))


def _notice(ws: Workspace, record: EditionRecord, message: str) -> None:
    with ws.engine.begin() as connection:
        first = notices.add(
            connection,
            kind="audience",
            once=f"audience:{record.id}",
            text=f"{record.name} stopped before anybody was asked: {message}",
            now=datetime.now(UTC),
            campaign_id=record.campaign_id,
            edition_id=record.id,
        )
    if first:
        tell(ws)


def let_pass(ws: Workspace, edition: str, *, by: str, via: str, reason: str = "") -> Certificate:
    """Let this one edition's audience pass, as somebody who is no author; returns its account.

    Raises Refused without a name or a reason, for an author, and where nothing stops it.
    """
    reason = named(by, reason, "an audience is let pass")
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    if by.strip().casefold() in {one.strip().casefold() for one in _authors(record)}:
        raise Refused(f"{by} owns or prepared {edition}: somebody else has to let it pass")
    if record.state != EditionState.PREPARED or not moved_of(ws, record).stops:
        raise Refused(f"the audience of {edition} is within its limit, or was let pass already")
    with ws.engine.begin() as connection:
        given = {"by": by, "via": via, "reason": reason}
        if question_store.let_pass(connection, record.id, record.audience_hash, **given, now=now):
            edition_store.note(
                connection,
                who=by,
                via=via,
                action="let the audience pass",
                subject=edition,
                at=now,
                detail=reason,
            )
        return certificate(connection, edition)


def _authors(record: EditionRecord) -> tuple[str, str]:
    return record.owner, record.created_by


def _limit(ws: Workspace, record: EditionRecord) -> tuple[float | None, str]:
    with reading(ws.engine) as connection:
        if follow_ups.followed(connection, record.id):
            return None, "A follow-up goes to exactly whom it follows, so no limit holds."
    try:
        campaign = _as_prepared(ws, record)
    except OutreachError:
        return ws.hub.limits.audience_moves, "No limit is set."
    if campaign.occasion == "pledge":
        return None, "It answers pledges, so each edition has other people: no limit holds."
    if campaign.digest or campaign.segment.asks_about(campaign.slug):
        return None, "Whom it goes to depends on what they had of it before: no limit holds."
    return campaign.audience_limit, "This campaign has no limit."


def _as_prepared(ws: Workspace, record: EditionRecord) -> Campaign:
    """Return the campaign as its file was: an author who edits it lifts no limit afterwards."""
    with reading(ws.engine) as connection:
        source = edition_store.source_of(connection, record.id)
    return campaign_of(find_campaign(ws, record.campaign).file, source, ws.hub)


def _in_short(found: Sequence[Group]) -> str:
    """Name the largest groups of each kind, in a sentence or two."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for one in found:
        words = by_kind[f"{one.change} by {one.kind.lower()}"]
        if len(words) < _SHOWN:
            words.append(f"{one.value} {one.people:,}")
    return "".join(
        f"{kind.capitalize()}: {', '.join(words)}. " for kind, words in by_kind.items() if words
    )
