"""Ask a person, and hold them to what they were shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.clock import london
from outreach.domain import EditionState
from outreach.errors import OutreachError, Refused
from outreach.flows.audience_limit import moved_of
from outreach.flows.checking import must_be_sound
from outreach.flows.deputies import Answerer, answerers, approvers, must_order_here
from outreach.flows.layouts import layouts
from outreach.flows.opening import said_beforehand
from outreach.flows.preparing import find_campaign
from outreach.flows.who import kept
from outreach.ledger import approvals, edition_store, follow_ups, freeze
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.freeze import NewVariant
from outreach.workspace import Workspace

_SHOWN = 3
"""What the checks found that is told with the question."""
_GOING = (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT)


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What an approver is shown. `approval_hash` names exactly this content and audience.

    `standing` tells that this content has a standing approval already. `body` is Markdown.
    """

    edition: str
    subject: str
    body: str
    approval_hash: str
    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    standing: bool
    state: str


def approval_request(ws: Workspace, edition: str) -> ApprovalRequest:
    """Return what to ask about an edition: counts, exclusions with reasons, links to proofs."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        account = certificate(connection, edition)
        variants = edition_store.variants(connection, record.id)
        standing = approvals.has_standing(connection, record.campaign_id, record.source_hash)
        follows = follow_ups.followed(connection, record.id)
    moved = moved_of(ws, record)
    lines = [
        f"**{record.title}** for **{account.planned}** people, in {len(variants)} variant(s).",
        f"[Read the proofs and see who gets what](/outreach/editions/{record.name})",
        f"Who it is for: {record.segment or 'everyone'}.",
        _counts(account),
        _arms(variants),
        _variants(variants),
        f"This follows up {follows.edition}: it goes to {follows.words}." if follows else "",
        moved.words,
        f"[See who joined and who is gone](/outreach/editions/{record.name}/audience)"
        if moved.change
        else "",
        _when(record),
        said_beforehand(ws, record, datetime.now(UTC)),
        *_advice(record),
    ]
    return ApprovalRequest(
        edition=record.name,
        subject=f"Approve {record.name}: {account.planned} people?",
        body="\n\n".join(line for line in lines if line),
        approval_hash=approvals.approval_of(record),
        authors=authors(record),
        approvers=approvers(ws, record.campaign),
        standing=bool(standing) and _wants_standing(ws, record),
        state=record.state,
    )


def authors(record: EditionRecord) -> tuple[str, ...]:
    """Return who must not approve this edition: its campaign's owner and who prepared it."""
    return tuple(dict.fromkeys(name for name in (record.owner, record.created_by) if name))


def is_author(record: EditionRecord, by: str) -> bool:
    """Whether `by` names an author, however it is written."""
    return by.strip().casefold() in {name.strip().casefold() for name in authors(record)}


def approve(
    ws: Workspace, edition: str, *, by: str, via: str, approval_hash: str = ""
) -> EditionRecord:
    """Approve an edition as `by`; approving it again as it stands changes nothing.

    Raises Refused where `by` is an author or no approver, where the content or audience is not
    what `approval_hash` names, where a check blocks it, or at the command line in production.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    signed = _may_approve(ws, record, by, via).signature
    if record.state in _GOING:
        return record
    if record.state != EditionState.PREPARED:
        raise Refused(f"{edition} is {record.state} and cannot be approved any more")
    _must_be_as_shown(ws, record, approval_hash)
    must_be_sound(ws, edition)
    with ws.engine.begin() as connection:
        if approvals.set_approved(connection, record, signed, via, now):
            edition_store.note(
                connection,
                who=signed,
                via=via,
                action="approve",
                subject=edition,
                at=now,
                detail=approvals.approval_of(record),
            )
            if _wants_standing(ws, record):
                approvals.add_standing(
                    connection, record.campaign_id, record.source_hash, signed, now
                )
        decided = edition_store.get(connection, edition)
    if decided.state not in _GOING:  # somebody ended it meanwhile
        raise Refused(f"{edition} is {decided.state} and cannot be approved any more")
    return decided


def approve_standing(ws: Workspace, edition: str) -> bool:
    """Approve an edition on its content's standing approval; False where it has none."""
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        by = approvals.has_standing(connection, record.campaign_id, record.source_hash)
    if not by or not _wants_standing(ws, record):
        return False
    _must_be_as_shown(ws, record, "")
    must_be_sound(ws, edition)
    with ws.engine.begin() as connection:
        if approvals.set_approved(connection, record, by, "standing approval", now):
            edition_store.note(
                connection,
                who=by,
                via="standing approval",
                action="approve",
                subject=edition,
                at=now,
            )
    return True


def reject(ws: Workspace, edition: str, *, by: str, reason: str, via: str = "airflow") -> None:
    """Reject an edition: nobody is written to. Raises Refused where sending has begun."""
    now, reason = datetime.now(UTC), kept(reason)
    with ws.engine.begin() as connection:
        record = edition_store.get(connection, edition)
        if record.state not in (EditionState.PREPARED, EditionState.APPROVED):
            raise Refused(f"{edition} is {record.state}; use cancel to stop what is left of it")
        edition_store.close(connection, record.id, EditionState.REJECTED, "rejected", now)
        edition_store.note(
            connection, who=by, via=via, action="reject", subject=edition, at=now, detail=reason
        )


def may_approve(ws: Workspace, edition: str, names: tuple[str, str], *, via: str) -> None:
    """Raise Refused unless somebody, known by id and by name, may approve an edition."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    by, name = names
    _may_approve(ws, record, name if is_author(record, name) else by, via)


def _may_approve(ws: Workspace, record: EditionRecord, by: str, via: str) -> Answerer:
    """Return in whose name `by` approves. Raises Refused where they may not."""
    if not by.strip():
        raise Refused("an approval needs the name of the person who gives it")
    could = answerers(ws, record)
    ask = " or ".join(one.user for one in could) or "a colleague"
    if is_author(record, by):
        raise Refused(
            f"{by} owns or prepared {record.name}, and an author cannot approve: ask {ask}"
        )
    found = next((one for one in could if one.user == by), None)
    if via == "cli":
        must_order_here(ws, via)
        return found or Answerer(by)
    if found is None:
        raise Refused(f"{by} is not an approver of {record.name}: ask {ask}")
    return found


def _must_be_as_shown(ws: Workspace, record: EditionRecord, shown: str) -> None:
    with reading(ws.engine) as connection:
        variants = edition_store.variants(connection, record.id)
    kept = freeze.content_hash(record.source_hash, [NewVariant("", v.content) for v in variants])
    if kept != record.content_hash or (shown and shown != approvals.approval_of(record)):
        raise Refused(
            f"{record.name} is not what was shown for approval: its content or audience has "
            "changed. Reject it and prepare a new edition"
        )


def _wants_standing(ws: Workspace, record: EditionRecord) -> bool:
    with reading(ws.engine) as connection:
        if follow_ups.followed(connection, record.id):
            return False  # it was given for the campaign's own audience
    try:
        campaign = find_campaign(ws, record.campaign)
    except OutreachError:
        return False  # a broken file has no standing approval
    if campaign.approval != "standing":
        return False
    # What the file says now is said of the edition only where the file is still what it was made
    # of: else an author could turn one approval of an edition into one for good, unseen.
    return campaign.content_hash(ws.hub, layouts(ws)) == record.source_hash


def _counts(account: Certificate) -> str:
    rows = [("To be written to", account.planned)]
    rows += [
        (f"Not written to: {reason}", people)
        for reason, people in sorted(account.reasons.get("suppressed", {}).items())
    ]
    rows += [(reason.capitalize(), people) for reason, people in account.excluded_by_reason.items()]
    cells = [(who.replace("|", "\\|"), n) for who, n in rows]
    return "| Who | People |\n|---|---:|\n" + "\n".join(f"| {w} | {n} |" for w, n in cells)


def _arms(variants: list[edition_store.StoredVariant]) -> str:
    people: Counter[str] = Counter()
    for one in variants:
        people[one.arm] += one.size
    told = [f"{arm} to {number} people" for arm, number in sorted(people.items()) if arm]
    return f"Its arms: {'; '.join(told)}." if told else ""


def _variants(variants: list[edition_store.StoredVariant]) -> str:
    if len(variants) < 2:
        return ""
    rows = "\n".join(f"| {v.number} | {v.label or 'everyone'} | {v.size} |" for v in variants[:20])
    more = (
        f"\n\n... and {len(variants) - 20} more on the edition's page."
        if len(variants) > 20
        else ""
    )
    return f"| Variant | For | People |\n|---:|---|---:|\n{rows}{more}"


def _when(record: EditionRecord) -> str:
    if record.send_at:
        return f"It is to be sent at {london(record.send_at)}."
    if record.late_after:
        return f"It is sent once approved, and not after {london(record.late_after)}."
    return "It is sent once approved."


def _advice(record: EditionRecord) -> list[str]:
    """Return how much the checks found, and the first of it: the rest is on the edition's page."""
    faults = [f"- Stops it: {f['message']}" for f in record.faults if f.get("blocking")]
    advice = [f"- Worth a look: {f['message']}" for f in record.faults if not f.get("blocking")]
    if not record.checked_at:
        return []
    if not record.faults:
        return ["The checks found nothing."]
    found = f"The checks found {len(faults)} faults and {len(advice)} pieces of advice."
    shown = [*faults, *advice][:_SHOWN]
    left = len(faults) + len(advice) - len(shown)
    more = f"- ... and {left} more on the edition's page." if left else ""
    return ["\n".join(line for line in (f"**{found}**\n", *shown, more) if line)]
