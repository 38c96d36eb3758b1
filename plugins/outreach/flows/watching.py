"""Judge campaigns by their complaints, bounces and refusals; hold those that go over a limit.

The thresholds stand in `limits` of hub.yaml; docs/decisions/0013 says why these.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.flows.notices import tell
from outreach.ledger import edition_store, holds, notices, watching
from outreach.ledger.engine import reading
from outreach.ledger.holds import ITSELF
from outreach.ledger.watching import LONGEST_REST, Rates, Refusals, Watched
from outreach.limits import Limits
from outreach.workspace import Workspace

LEAST_COMPLAINTS = 3
LEAST_BOUNCES = 10
LEAST_REFUSED = 20
"""Fewer than so many are chance, whatever their rate."""

QUICK = 0.5
"""Seconds within which a campaign is judged at once whenever there is news."""

RESTS = 20
"""How many times as long as judging it took a large campaign rests afterwards."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a campaign's figures call for: to hold it, or only to warn its owner."""

    kind: str
    words: str
    pause: bool
    edition_id: int | None = None


def watch(ws: Workspace) -> tuple[str, ...]:
    """Judge every campaign with bad news, hold those over a limit, and tell their owners.

    Returns the slugs of those it held. Costs next to nothing where there is no news.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        waiting = watching.to_judge(connection, now)
    held = [one.slug for one in waiting if _judge(ws, one, now)]
    tell(ws)
    return tuple(held)


def verdicts(rates: Rates, refusals: list[Refusals], limits: Limits) -> Iterator[Verdict]:
    """Yield what figures call for, what holds a campaign first."""
    complained = _percent(rates.complaints, rates.delivered)
    if rates.complaints >= LEAST_COMPLAINTS and complained >= limits.complaint_warn:
        pause = complained >= limits.complaint_pause
        said = f"{rates.complaints} of {rates.delivered:,} people reported it as spam"
        limit = limits.complaint_pause if pause else limits.complaint_warn
        kind = "complaints" if pause else "complaint warning"
        yield Verdict(kind, f"{said} ({complained:.2f}%; the limit is {limit:g}%)", pause)
    bounced = _percent(rates.bounces, rates.tried)
    if rates.bounces >= LEAST_BOUNCES and bounced >= limits.bounce_pause:
        said = f"{rates.bounces} of {rates.tried:,} addresses bounced for good"
        words = f"{said} ({bounced:.1f}%; the limit is {limits.bounce_pause:g}%)"
        yield Verdict("bounces", words, pause=True)
    for one in refusals:
        failed = _percent(one.refused, one.tried)
        if one.refused >= LEAST_REFUSED and failed >= limits.failure_pause:
            said = f"the provider refused {one.refused} of {one.tried:,} people of {one.edition}"
            words = f"{said} ({failed:.1f}%; the limit is {limits.failure_pause:g}%)"
            yield Verdict("failures", words, pause=True, edition_id=one.edition_id)


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else (100.0 if part else 0.0)


def _judge(ws: Workspace, one: Watched, now: datetime) -> bool:
    began = time.monotonic()
    with reading(ws.engine) as connection:
        rates = watching.rates(connection, one, now)
        refusals = watching.refusals(connection, one)
    took = time.monotonic() - began
    found = sorted(verdicts(rates, refusals, ws.hub.limits), key=lambda v: not v.pause)
    held = False
    with ws.engine.begin() as connection:
        for verdict in found:
            if not verdict.pause:
                _warn(connection, one, verdict, now)
            elif holds.hold_if_running(connection, one.campaign_id, ITSELF, verdict.words, now):
                held = True
                _tell_of_hold(connection, one, verdict, now)
        watching.judged(connection, one, now + rest(took))
    return held


def rest(took: float) -> timedelta:
    """Return how long a campaign rests that took `took` seconds to judge.

    The history of a large one is long to count, and while it is sent there is news all the time:
    whoever sends or drains would do nothing else.
    """
    if took < QUICK:
        return timedelta()
    return min(timedelta(seconds=took * RESTS), LONGEST_REST)


def _warn(connection: sa.Connection, one: Watched, verdict: Verdict, now: datetime) -> None:
    notices.add(
        connection,
        kind=verdict.kind,
        once=f"{verdict.kind}:{one.slug}:{now.astimezone(LONDON):%Y-%m-%d}",
        text=f"The campaign {one.slug} comes near its limit: {verdict.words}",
        now=now,
        campaign_id=one.campaign_id,
    )


def _tell_of_hold(connection: sa.Connection, one: Watched, verdict: Verdict, now: datetime) -> None:
    edition_store.note(
        connection,
        who=ITSELF,
        via=ITSELF,
        action="hold",
        subject=one.slug,
        at=now,
        detail=verdict.words,
    )
    notices.add(
        connection,
        kind=verdict.kind,
        once=f"{verdict.kind}:{one.slug}:{now.isoformat()}",
        text=(
            f"The campaign {one.slug} is held, and nothing more of it goes out: {verdict.words}. "
            f"Find out why first; outreach resume {one.slug} lets it go on"
        ),
        now=now,
        campaign_id=one.campaign_id,
        edition_id=verdict.edition_id,
    )
