"""People who do not want our mail: one click, a typed address, SendGrid's own lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from outreach.domain import Event, EventType, SuppressionReason
from outreach.engagement.facts import apply
from outreach.errors import TokenError
from outreach.flows.watching import watch
from outreach.keys import UNSUBSCRIBE, Keys
from outreach.ledger.columns import chunks
from outreach.ledger.objections import (
    Objection,
    addresses_of,
    note_unsubscribed,
    suppress,
)
from outreach.ledger.standings import newest_accepted, save, standings
from outreach.providers.sendgrid_suppressions import Listed, listed
from outreach.sources.addresses import tidy

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_REASONS: dict[str, SuppressionReason] = {
    "bounces": SuppressionReason.HARD_BOUNCE,
    "invalid_emails": SuppressionReason.INVALID,
    "spam_reports": SuppressionReason.COMPLAINED,
    "unsubscribes": SuppressionReason.UNSUBSCRIBED,
    "asm": SuppressionReason.UNSUBSCRIBED,
}
"""SendGrid's list -> our reason. A block is soft: it suppresses nobody."""


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The result of one click; `already` where this person had unsubscribed before."""

    already: bool


@dataclass(frozen=True, slots=True)
class PullReport:
    """How many entries SendGrid listed, how many gave a new suppression, how many a new fact."""

    listed: int = 0
    suppressed: int = 0
    facts: int = 0


def unsubscribe(ws: Workspace, token: str, via: str = "one-click") -> Unsubscribed:
    """Suppress the person behind an unsubscribe link, for every purpose, before this returns.

    Works as often as it is asked, and for an erased person. Raises TokenError where the link
    is not one that we gave out.
    """
    edition_id, contact_id = ws.keys.open_delivery_id(ws.keys.verify(UNSUBSCRIBE, token))
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        hashes = addresses_of(connection, edition_id, contact_id)
        if not hashes:
            raise TokenError("this link belongs to a message that is no longer known")
        objections = [Objection(one, SuppressionReason.UNSUBSCRIBED, now) for one in hashes]
        added = suppress(connection, objections, origin=via, now=now)
        note_unsubscribed(connection, edition_id, contact_id, now)
    return Unsubscribed(already=not added)


def unsubscribe_address(ws: Workspace, address: str, via: str = "address form") -> None:
    """Suppress a typed address at once, known or not: the caller learns nothing about it."""
    now = datetime.now(UTC)
    one = Objection(ws.keys.address_hash(tidy(address)), SuppressionReason.UNSUBSCRIBED, now)
    with ws.engine.begin() as connection:
        suppress(connection, [one], origin=via, now=now)


def pull_suppressions(ws: Workspace) -> PullReport:
    """Take in SendGrid's suppression lists; may be repeated.

    Raises ConfigError or NotSent as `providers.sendgrid_suppressions.listed` does.
    """
    report = PullReport()
    for page in listed(ws.settings):
        for some in chunks(page, 100):
            with ws.engine.begin() as connection:
                suppressed = _suppress(connection, ws.keys, some)
                facts = sum(_note(connection, ws.keys, one) for one in some)
            report = PullReport(
                report.listed + len(some), report.suppressed + suppressed, report.facts + facts
            )
    if report.facts:
        watch(ws)
    return report


def _suppress(connection: sa.Connection, keys: Keys, entries: Sequence[Listed]) -> int:
    objections = [
        Objection(keys.address_hash(one.address), reason, one.at, one.reason)
        for one in entries
        if (reason := _REASONS.get(one.list_name))
    ]
    return suppress(connection, objections, origin="sendgrid", now=datetime.now(UTC))


def _note(connection: sa.Connection, keys: Keys, one: Listed) -> bool:
    """Set the fact on the delivery that the entry is about, where that is known."""
    key = newest_accepted(connection, keys.address_hash(one.address), one.at)
    if key is None:
        return False
    before = standings(connection, [key])[key]
    at_least = EventType.UNSUBSCRIBED if one.list_name == "asm" else one.type
    after = apply(before, Event(at_least, one.at, reason=one.reason))
    if after == before:
        return False
    save(connection, {key: before}, [after])
    return True
