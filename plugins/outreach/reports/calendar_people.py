"""Counting the calendar's audiences: each once, kept for a few minutes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from outreach.clock import LONDON
from outreach.ledger import reach
from outreach.ledger.audience import Rule
from outreach.ledger.engine import reading
from outreach.scheduling.steps import Step

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.workspace import Workspace

KEPT_SECONDS = 300.0
"""How long a count is shown again: with a million contacts one takes seconds."""

MOST_KEPT = 2_000


class Patience:
    """How long counting may take: what is not begun by then is left for the next time."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self.lost = False

    def left(self) -> bool:
        """Whether another count may begin; notes that one was left out where not."""
        if self._until is not None and time.monotonic() >= self._until:
            self.lost = True
            return False
        return True


@dataclass(frozen=True, slots=True)
class Slot:
    """One time at which a campaign's timetable comes round, and whom it would reach."""

    campaign: Campaign
    at: datetime
    rule: Rule
    people: int | None = None

    @property
    def name(self) -> str:
        """The edition that it would make."""
        slots = self.campaign.slots
        assert slots is not None
        return f"{self.campaign.slug}@{slots.occurrence(self.at)}"


class _Kept:
    """Counts by what was asked, with the time of each."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, tuple[float, int]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], int], patience: Patience) -> int | None:
        now = time.monotonic()
        with self._lock:
            kept = self._counts.get(key)
        if kept and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        if not patience.left():
            return None
        made = make()
        with self._lock:
            if len(self._counts) >= MOST_KEPT:
                self._counts.clear()
            self._counts[key] = (now, made)
        return made


_KEPT = _Kept()


def with_people(
    ws: Workspace, slots: Sequence[Slot], made: Collection[str], now: datetime, patience: Patience
) -> list[Slot]:
    """Return the slots with how many people each would reach as things stand; None for those
    that `patience` left uncounted.

    A step after a pledge is left out on the days on which nobody's is due, unless its edition is
    among `made`.
    """
    found: list[Slot] = []
    due: dict[str, Counter[date]] = {}
    last = max((slot.at for slot in slots), default=now)
    for slot in slots:
        if slot.campaign.after is None:
            found.append(replace(slot, people=_count(ws, slot.rule, now, patience)))
            continue
        if slot.campaign.slug not in due:
            due[slot.campaign.slug] = _due(ws, slot, last, now)
        people = due[slot.campaign.slug][slot.at.astimezone(LONDON).date()]
        if people or slot.name in made:
            found.append(replace(slot, people=people))
    return found


def _count(ws: Workspace, rule: Rule, now: datetime, patience: Patience) -> int | None:
    def ask() -> int:
        with reading(ws.engine) as connection:
            return reach.reach(connection, rule, now)

    return _KEPT.get((ws.settings.database_url, _alike(rule)), ask, patience)


def _due(ws: Workspace, first: Slot, last: datetime, now: datetime) -> Counter[date]:
    """Return how many pledges become due on each day, for the campaign of `first`."""
    after, rule = first.campaign.after, first.rule
    assert after is not None
    since = Step(after, first.at.astimezone(LONDON).date(), 0).since
    until = Step(after, last.astimezone(LONDON).date(), 0).until
    assert since is not None
    with reading(ws.engine) as connection:
        pledged = reach.answered(connection, rule, since, until, now)
    return Counter(after.due(one.astimezone(LONDON).date()) for one in pledged)


def crowded(
    ws: Workspace, slots: Sequence[Slot], now: datetime, patience: Patience
) -> dict[tuple[date, str], str]:
    """Return (day, campaign) -> how many people would get more that day than the hub allows.

    Without a limit of emails per person, more than one a day is worth a look.
    """
    by_day: dict[date, dict[str, Slot]] = defaultdict(dict)
    for slot in slots:
        if slot.people:
            by_day[slot.at.astimezone(LONDON).date()][slot.campaign.slug] = slot
    limits = ws.hub.limits
    most = limits.emails_per_person or 1
    said: dict[tuple[date, str], str] = {}
    for day, found in by_day.items():
        if len(found) <= most:
            continue
        people = _together(ws, [_on_its_day(slot) for slot in found.values()], most, now, patience)
        if people:
            for slug, slot in found.items():
                others = [f"“{o.campaign.title}”" for s, o in sorted(found.items()) if s != slug]
                capped = bool(limits.emails_per_person) and slot.campaign.capped
                said[day, slug] = _crowd_words(people, most, others, capped=capped)
    return said


def _crowd_words(people: int, most: int, others: Sequence[str], *, capped: bool) -> str:
    some = "1 person" if people == 1 else f"{people:,} people"
    emails = "1 email" if most == 1 else f"{most} emails"
    then = "; the limit leaves them out of what comes later" if capped else ""
    return f"{some} would get more than {emails} this day, with {', '.join(others)}{then}"


def _on_its_day(slot: Slot) -> Rule:
    """The slot's rule for its own day: what is a little late counts on each day after it too."""
    after = slot.campaign.after
    if after is None:
        return slot.rule
    return replace(slot.rule, step=Step(after, slot.at.astimezone(LONDON).date(), 0))


def _together(
    ws: Workspace, rules: Sequence[Rule], most: int, now: datetime, patience: Patience
) -> int | None:
    def ask() -> int:
        with reading(ws.engine) as connection:
            return reach.overlap(connection, rules, most, now)

    key = (ws.settings.database_url, most, *sorted(map(repr, map(_alike, rules))))
    return _KEPT.get(key, ask, patience)


def _alike(rule: Rule) -> Hashable:
    """Return what tells one audience from another, whatever its campaign is called."""
    return (
        *(rule.purpose, rule.segment, rule.per_pledge, rule.renewals, rule.goal),
        *(rule.capped, rule.cap, rule.step),
    )
