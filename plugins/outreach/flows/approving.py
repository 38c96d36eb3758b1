"""Ask a person, and hold them to what they were shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.clock import london
from outreach.domain import EditionState
from outreach.errors import NotFound, OutreachError, Refused
from outreach.flows.checking import must_be_sound
from outreach.flows.preparing import find_campaign
from outreach.ledger import approvals, edition_store, freeze
from outreach.ledger.audience_change import audience_change
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.freeze import NewVariant
from outreach.workspace import Workspace


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
        before = audience_change(connection, record)
        standing = approvals.has_standing(connection, record.campaign_id, record.source_hash)
    lines = [
        f"**{record.title}** for **{account.planned}** people, in {len(variants)} variant(s).",
        f"[Read the proofs and see who gets what](/outreach/editions/{record.name})",
        _counts(account),
        _arms(variants),
        _variants(variants),
        before.described() if before else "This is the campaign's first edition.",
        _when(record),
        *_advice(record),
    ]
    return ApprovalRequest(
        edition=record.name,
        subject=f"Approve {record.name}: {account.planned} people?",
        body="\n\n".join(line for line in lines if line),
        approval_hash=approvals.approval_of(record),
        authors=authors(record),
        approvers=_approvers(ws, record),
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
    _may_approve(ws, record, by, via)
    if record.state in (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT):
        return record
    if record.state != EditionState.PREPARED:
        raise Refused(f"{edition} is {record.state} and cannot be approved any more")
    _must_be_as_shown(ws, record, approval_hash)
    must_be_sound(ws, edition)
    with ws.engine.begin() as connection:
        if approvals.set_approved(connection, record, by, via, now):
            edition_store.note(
                connection,
                who=by,
                via=via,
                action="approve",
                subject=edition,
                at=now,
                detail=approvals.approval_of(record),
            )
            if _wants_standing(ws, record):
                approvals.add_standing(connection, record.campaign_id, record.source_hash, by, now)
        return edition_store.get(connection, edition)


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
    now = datetime.now(UTC)
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


def _may_approve(ws: Workspace, record: EditionRecord, by: str, via: str) -> None:
    if not by.strip():
        raise Refused("an approval needs the name of the person who gives it")
    if is_author(record, by):
        raise Refused(
            f"{by} owns or prepared {record.name}, and an author cannot approve: ask "
            f"{' or '.join(_approvers(ws, record)) or 'a colleague'}"
        )
    named = _approvers(ws, record)
    if via == "cli":
        if not ws.settings.production:
            return
        if not ws.settings.cli_approval:
            raise Refused(
                "in production an edition is approved in Airflow's Required Actions; "
                "OUTREACH_CLI_APPROVAL=1 switches approval at the command line on"
            )
    if named and by not in named:
        raise Refused(f"{by} is not an approver of {record.name}: ask {' or '.join(named)}")


def _must_be_as_shown(ws: Workspace, record: EditionRecord, shown: str) -> None:
    with reading(ws.engine) as connection:
        variants = edition_store.variants(connection, record.id)
    kept = freeze.content_hash(record.source_hash, [NewVariant("", v.content) for v in variants])
    if kept != record.content_hash or (shown and shown != approvals.approval_of(record)):
        raise Refused(
            f"{record.name} is not what was shown for approval: its content or audience has "
            "changed. Reject it and prepare a new edition"
        )


def _approvers(ws: Workspace, record: EditionRecord) -> tuple[str, ...]:
    try:
        named = find_campaign(ws, record.campaign).approvers
    except (OutreachError, NotFound):
        named = ()  # the file is gone or broken since: the hub's approvers stand
    return tuple(named or ws.hub.approvers)


def _wants_standing(ws: Workspace, record: EditionRecord) -> bool:
    try:
        return find_campaign(ws, record.campaign).approval == "standing"
    except OutreachError:
        return False  # a broken file has no standing approval


def _counts(account: Certificate) -> str:
    rows = [("To be written to", account.planned)]
    rows += [
        (f"Not written to: {reason}", people)
        for reason, people in sorted(account.reasons.get("suppressed", {}).items())
    ]
    rows += [(reason.capitalize(), people) for reason, people in account.excluded_by_reason.items()]
    return "| Who | People |\n|---|---:|\n" + "\n".join(f"| {w} | {n} |" for w, n in rows)


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
    return [f"- Worth a look: {f['message']}" for f in record.faults if not f.get("blocking")]
