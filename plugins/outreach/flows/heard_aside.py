"""Events about side messages (tests, copies, questions): no facts of an edition, no errors."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from outreach.engagement.facts import objection_in
from outreach.errors import TokenError
from outreach.keys import Keys
from outreach.ledger import side_store
from outreach.ledger.events import Fact
from outreach.ledger.objections import Objection, suppress


def hear(connection: sa.Connection, keys: Keys, facts: list[Fact], now: datetime) -> list[Fact]:
    """Take in what is said about side messages; returns the other facts, in their order.

    What became of one is kept with it. An objection, or an address that does not exist, is
    honoured whatever message it came about.
    """
    others: list[Fact] = []
    became: dict[int, str] = {}
    objections = []
    for fact in facts:
        event = fact.event
        # Only an id that is no delivery's is opened once more: most are.
        number = None if fact.key else _number(keys, event.delivery_id)
        if number is None:
            others.append(fact)
            continue
        became[number] = f"{event.type}: {event.reason}" if event.reason else event.type
        reason = objection_in(event)
        if reason and event.address:
            digest = keys.address_hash(event.address)
            objections.append(Objection(digest, reason, event.occurred_at, event.reason))
    if became:
        side_store.heard(connection, became)
        suppress(connection, objections, origin="event", now=now)
    return others


def _number(keys: Keys, delivery_id: str) -> int | None:
    try:
        return keys.open_side_id(delivery_id) if delivery_id else None
    except TokenError:
        return None
