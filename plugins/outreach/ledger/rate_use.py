"""What has been used of a rate: counted from the claims themselves, and the clock it is held to.

A claim counts as sent. One that came back provably unsent counts no more, as the provider never
had it; one that the provider refused does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.caps import midnight, recovered_since
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.facts import get_fact, set_fact
from outreach.rates import Rate

S = DeliveryState

WINDOW = timedelta(hours=1, minutes=1)
"""An hour, and what clocks differ by, with the seconds from a claim to its last byte."""

_HAD = (S.CLAIMED.value, S.ACCEPTED.value, S.UNKNOWN.value, S.FAILED.value)
"""States of a batch that the provider may have had."""


def ledger_clock(connection: sa.Connection) -> datetime:
    """Return the time by the one clock that all senders of a ledger share.

    PostgreSQL's own; a ledger in SQLite is on one host. Asked while the sender has its turn.
    """
    if connection.dialect.name == "postgresql":
        found: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)
    return datetime.now(UTC)


def in_the_hour(connection: sa.Connection, provider: str, gateway: str, at: datetime) -> int:
    """Return how many emails went by a provider in the hour up to `at`; of one gateway, or all.

    Whom only the journal knew counts from when it was recovered, for every gateway.
    """
    since = at - WINDOW
    counted = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(batch.c.people), 0))
        .select_from(batch.join(edition, edition.c.id == batch.c.edition_id))
        .where(*_claimed(since, provider, gateway))
    ).scalar_one()
    return int(counted) + recovered_since(connection, since)


def free_again(
    connection: sa.Connection, provider: str, gateway: str, at: datetime, people: int
) -> datetime:
    """Return when so many emails of the hour up to `at` will be more than an hour ago."""
    rows = connection.execute(
        sa.select(batch.c.claimed_at, batch.c.people)
        .select_from(batch.join(edition, edition.c.id == batch.c.edition_id))
        .where(*_claimed(at - WINDOW, provider, gateway))
        .order_by(batch.c.claimed_at)
    )
    for row in rows:
        people -= row.people
        if people <= 0:
            return row.claimed_at + WINDOW  # type: ignore[no-any-return]
    return at + WINDOW


def sent_from(connection: sa.Connection, domain: str, now: datetime) -> int:
    """Return how many emails went from a domain since midnight in London."""
    since = midnight(now)
    address = sa.func.lower(edition.c.sender["address"].as_string())
    counted = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(batch.c.people), 0))
        .select_from(batch.join(edition, edition.c.id == batch.c.edition_id))
        .where(
            batch.c.claimed_at >= since,
            batch.c.state.in_(_HAD),
            address.like(f"%@{domain}"),
        )
    ).scalar_one()
    return int(counted) + recovered_since(connection, since)


def at_gateways(
    connection: sa.Connection, edition_id: int, domains: Sequence[str]
) -> dict[str, int]:
    """Return how many people of an edition are at each of these domains; '' for the others."""
    address = sa.func.lower(delivery.c.email)
    longest = sorted(domains, key=len, reverse=True)
    whens = [(address.like(f"%@{d}") | address.like(f"%@%.{d}"), sa.literal(d)) for d in longest]
    gateway = sa.case(*whens, else_="").label("gateway")
    rows = connection.execute(
        sa.select(gateway, sa.func.count())
        .where(delivery.c.edition_id == edition_id, delivery.c.batch_id.is_not(None))
        .group_by(gateway)
    )
    return {name: int(people) for name, people in rows}


def _claimed(since: datetime, provider: str, gateway: str) -> list[sa.ColumnElement[bool]]:
    which = [
        batch.c.claimed_at > since,
        batch.c.state.in_(_HAD),
        edition.c.provider == provider,
    ]
    return [*which, batch.c.gateway == gateway] if gateway else which


class Bucket:
    """A rate per second, kept in the ledger as the time at which it is empty again (GCRA).

    Over any time of W seconds at most `burst + W x rate` emails go, whoever sends them.
    """

    def __init__(self, connection: sa.Connection, name: str, rate: Rate, at: datetime) -> None:
        assert rate.per_second is not None
        self._name, self._at = f"pace:{name}", at
        # Rounded up, so that many of them are never short of their time.
        self._each = timedelta(microseconds=ceil(1_000_000 / rate.per_second))
        self._full = rate.burst * self._each
        kept = get_fact(connection, self._name)
        empty = datetime.fromisoformat(kept) if kept else at
        # Never more than full: the clock was set back, or the rate was another one.
        self._empty = min(max(empty, at), at + self._full)

    def due(self, people: int) -> datetime:
        """Return when so many, at most the burst, may go."""
        return max(self._at, self._empty + people * self._each - self._full)

    def take(self, connection: sa.Connection, people: int) -> None:
        """Note that so many go now."""
        empty = self._empty + people * self._each
        set_fact(connection, self._name, empty.isoformat(), self._at)
