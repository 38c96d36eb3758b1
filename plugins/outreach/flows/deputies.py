"""Who may answer an approver's question: approvers, and deputies in their place. Never authors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.campaigns import load_library
from outreach.clock import london
from outreach.errors import InputError, NotFound, OutreachError, Refused
from outreach.flows.preparing import find_campaign
from outreach.ledger import deputy_store, edition_store
from outreach.ledger.deputy_store import Mandate
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.workspace import Workspace

__all__ = [
    "Answerer",
    "Mandate",
    "answerers",
    "approvers",
    "end_deputy",
    "mandates",
    "name_deputy",
    "who_may_answer",
]

LONGEST = timedelta(days=92)
"""How long a person's own order for a deputy may hold; what is for good stands in hub.yaml."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Somebody who may answer: themself, or in the place of the approver `stands_for`."""

    user: str
    stands_for: str = ""

    @property
    def signature(self) -> str:
        """How an approval names them: `jo for lee`."""
        return f"{self.user} for {self.stands_for}" if self.stands_for else self.user


def approvers(ws: Workspace, slug: str) -> tuple[str, ...]:
    """Return the approvers of a campaign: its own, or the hub's where it names none."""
    try:
        named = find_campaign(ws, slug).approvers
    except OutreachError:
        named = ()  # the file is gone or broken since: the hub's approvers stand
    return tuple(named or ws.hub.approvers)


def answerers(
    ws: Workspace, record: EditionRecord, now: datetime | None = None
) -> tuple[Answerer, ...]:
    """Return who may answer for an edition at `now`: each person once, approvers first.

    An author is among neither, and nobody answers in an author's place.
    """
    authors = {name.strip().casefold() for name in (record.owner, record.created_by)}
    own = [who for who in approvers(ws, record.campaign) if who.casefold() not in authors]
    found = {who.casefold(): Answerer(who) for who in own}
    for approver, deputy in _in_force(ws, record.campaign, now or datetime.now(UTC)):
        if approver in own and deputy.casefold() not in authors:
            found.setdefault(deputy.casefold(), Answerer(deputy, approver))
    return tuple(found.values())


def who_may_answer(ws: Workspace, edition: str) -> tuple[str, ...]:
    """Return the user ids of whoever may answer for an edition now. Raises NotFound."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    return tuple(one.user for one in answerers(ws, record))


def _in_force(ws: Workspace, slug: str, now: datetime) -> Iterable[tuple[str, str]]:
    try:
        of_campaign = find_campaign(ws, slug).deputies
    except OutreachError:
        of_campaign = {}
    for written in (of_campaign, ws.hub.deputies):
        for approver, named in written.items():
            yield from ((approver, one) for one in named)
    for one in mandates(ws):
        if one.since <= now < one.until:
            yield one.approver, one.deputy


def mandates(ws: Workspace) -> tuple[Mandate, ...]:
    """Return the deputies whom approvers named themselves, now and for later."""
    with reading(ws.engine) as connection:
        return deputy_store.standing(connection, datetime.now(UTC))


def name_deputy(
    ws: Workspace, deputy: str, *, since: datetime, until: datetime, by: str, via: str
) -> Mandate:
    """Let `deputy` answer in the place of `by`, an approver, from `since` up to `until`.

    It holds for questions that are put from now on. Raises Refused where `by` is no approver
    or this cannot be done here, InputError where the form makes no sense.
    """
    now = datetime.now(UTC)
    _may_order(ws, by, via)
    deputy = deputy.strip()
    if not deputy or any(c.isspace() for c in deputy) or len(deputy) > 100:
        raise InputError("say who answers for you, by their Airflow user id, such as jo")
    if deputy.casefold() == by.casefold():
        raise InputError("nobody stands in for themself: name a colleague")
    if until <= max(since, now):
        raise InputError("the last day is before the first, or has passed")
    if until - since > LONGEST:
        raise InputError(
            f"{LONGEST.days} days is the longest; a deputy for good stands in hub.yaml"
        )
    with ws.engine.begin() as connection:
        number = deputy_store.add(
            connection,
            approver=by,
            named=deputy,
            since=since,
            until=until,
            by=by,
            via=via,
            now=now,
        )
        detail = f"{deputy}, {london(since)} to {london(until)}"
        _note(connection, by, via, "name deputy", detail, now)
    return Mandate(number, by, deputy, since, until, by, via, now)


def end_deputy(ws: Workspace, number: int, *, by: str, via: str) -> None:
    """End a deputy's time before its day. Raises Refused for somebody else's, NotFound."""
    now = datetime.now(UTC)
    _may_order(ws, by, via)
    found = next((one for one in mandates(ws) if one.id == number), None)
    if found is None:
        raise NotFound("there is no such deputy, or their time is over")
    if found.approver.casefold() != by.casefold():
        raise Refused(f"{found.approver} named this deputy, and only they can end it")
    with ws.engine.begin() as connection:
        deputy_store.end(connection, number, by, now)
        _note(connection, by, via, "end deputy", found.deputy, now)


def must_order_here(ws: Workspace, via: str) -> None:
    """Raise Refused for an approver's order at a production terminal, which knows nobody."""
    if via == "cli" and ws.settings.production and not ws.settings.cli_approval:
        raise Refused(
            "in production an approver does this in Airflow, where they are logged in: under "
            "Required Actions, or on the pages of Outreach. "
            "OUTREACH_CLI_APPROVAL=1 switches approval on at the command line"
        )


def all_approvers(ws: Workspace) -> frozenset[str]:
    """Return everybody who approves anything: the hub's approvers and each campaign's own."""
    library = load_library(ws.settings.campaigns, ws.hub)
    own = {who for one in library.campaigns.values() for who in one.approvers}
    return frozenset({*ws.hub.approvers, *own})


def _may_order(ws: Workspace, by: str, via: str) -> None:
    must_order_here(ws, via)
    if by not in all_approvers(ws):
        raise Refused(f"{by or 'nobody'} is not an approver, so there is nothing to stand in for")


def _note(
    connection: sa.Connection, by: str, via: str, action: str, detail: str, now: datetime
) -> None:
    edition_store.note(
        connection,
        who=by,
        via=via,
        action=action,
        subject="approvals",
        at=now,
        detail=detail,
    )
