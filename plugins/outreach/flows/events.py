"""Take events in: keep each post, turn posts into facts, keep suppressions in step.

Every step may be repeated: the same fact counts once, whoever drains and however often.
"""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from outreach.errors import ConfigError
from outreach.flows.draining import Slice, Taken, take_in
from outreach.flows.objections import (
    PullReport,
    Unsubscribed,
    pull_suppressions,
    unsubscribe,
    unsubscribe_address,
)
from outreach.flows.watching import watch
from outreach.ledger import events as store
from outreach.ledger.engine import reading, writing_much
from outreach.providers.registry import event_source

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = [
    "DrainReport",
    "PullReport",
    "Unsubscribed",
    "drain",
    "follow",
    "pull_suppressions",
    "store_raw",
    "unsubscribe",
    "unsubscribe_address",
    "waiting",
]

_POSTS_AT_ONCE = 20
_EVENTS_AT_ONCE = 500
"""Events to a transaction: some 30 ms of work, for which an unsubscribe may wait."""

_FEW = 3
"""Transactions for which it does not pay to prepare for many."""

_WATCH_EVERY = 30.0


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one drain did.

    `raw` posts were finished; of their `events`, `added` were new facts, `duplicates` known
    already, `unmatched` new but about no delivery of this ledger, and `faults` could not be read.
    `aside` were about tests, copies and questions, and count nowhere.
    """

    raw: int = 0
    events: int = 0
    added: int = 0
    duplicates: int = 0
    unmatched: int = 0
    faults: int = 0
    aside: int = 0

    def plus(self, taken: Taken) -> DrainReport:
        """Return this report with one transaction's work counted in."""
        return replace(
            self,
            raw=self.raw + taken.finished,
            events=self.events + taken.events,
            added=self.added + taken.added,
            duplicates=self.duplicates + taken.duplicates,
            unmatched=self.unmatched + taken.unmatched,
            faults=self.faults + taken.faults,
            aside=self.aside + taken.aside,
        )


def store_raw(ws: Workspace, provider: str, body: bytes) -> int:
    """Keep one verified post, durably before this returns; returns its id."""
    with ws.engine.begin() as connection:
        return store.store_raw(connection, provider, body, datetime.now(UTC))


def drain(ws: Workspace, limit: int = 10_000) -> DrainReport:
    """Turn waiting posts into facts, at most about `limit` posts; safe beside other drainers.

    Then judge the campaigns that have bad news.
    """
    report = _drained(ws, limit)
    watch(ws)
    return report


def _drained(ws: Workspace, limit: int = 10_000) -> DrainReport:
    report = DrainReport()
    after = looked_at = 0
    while looked_at < limit:
        with reading(ws.engine) as connection:
            posts = store.waiting(connection, after, min(_POSTS_AT_ONCE, limit - looked_at))
        if not posts:
            break
        after = posts[-1].id
        looked_at += len(posts)
        groups = _grouped([part for post in posts for part in _slices(post)])
        with _connected(ws, len(groups)) as connection:
            for group in groups:
                for taken in take_in(connection, ws.keys, group):
                    report = report.plus(taken)
    return report


def follow(ws: Workspace, stop: threading.Event, interval: float = 1.0) -> DrainReport:
    """Drain again and again, `interval` seconds apart, until `stop` is set."""
    total = DrainReport()
    watched = time.monotonic()
    while not stop.is_set():
        done = _drained(ws)
        # Now and then without news too: a large campaign that rested is due later.
        if done.added or time.monotonic() > watched + _WATCH_EVERY:
            watched = time.monotonic()
            watch(ws)
        total = DrainReport(*(a + b for a, b in zip(_figures(total), _figures(done), strict=True)))
        stop.wait(interval)
    return total


def waiting(ws: Workspace) -> int:
    """Return how many posts have not been drained."""
    with reading(ws.engine) as connection:
        return store.count_waiting(connection)


def _connected(ws: Workspace, transactions: int) -> AbstractContextManager[sa.Connection]:
    return writing_much(ws.engine) if transactions > _FEW else ws.engine.connect()


def _figures(report: DrainReport) -> tuple[int, ...]:
    return (
        report.raw,
        report.events,
        report.added,
        report.duplicates,
        report.unmatched,
        report.faults,
    )


def _slices(post: store.RawPost) -> list[Slice]:
    """Cut a post into parts that each fit a short transaction; the last one finishes it."""
    try:
        items = tuple(event_source(post.provider).parse(post.body)) if post.body else ()
    except ConfigError as error:
        items = (str(error),)
    rest = items[post.done :]
    cuts = range(0, len(rest), _EVENTS_AT_ONCE) or range(1)
    return [
        Slice(
            raw_id=post.id,
            start=post.done + cut,
            items=rest[cut : cut + _EVENTS_AT_ONCE],
            last=cut + _EVENTS_AT_ONCE >= len(rest),
        )
        for cut in cuts
    ]


def _grouped(slices: list[Slice]) -> list[list[Slice]]:
    """Put small posts together, so that one commit serves many."""
    groups: list[list[Slice]] = []
    room = 0
    for part in slices:
        if len(part.items) > room or not groups:
            groups.append([])
            room = _EVENTS_AT_ONCE
        groups[-1].append(part)
        room -= len(part.items)
    return groups
