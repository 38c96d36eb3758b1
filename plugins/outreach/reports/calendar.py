"""What will go to how many people, when, for weeks ahead, and what stands in its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from outreach.campaigns import load_library
from outreach.clock import LONDON
from outreach.flows.selecting import rule_of
from outreach.ledger import holds, reach
from outreach.ledger.engine import reading
from outreach.reports.calendar_people import Patience, Slot, crowded, with_people
from outreach.reports.campaigns import approval_words, when_sent
from outreach.scheduling.closing import Freeze
from outreach.scheduling.holidays import bank_holiday

if TYPE_CHECKING:
    from outreach.campaigns import Library
    from outreach.ledger.reach import Planned
    from outreach.workspace import Workspace

WEEKS = 4
MOST_SLOTS = 100
"""Slots of one campaign that are listed; one that comes round more often is cut."""

SAME_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign at one time. `people` is None where it is not counted; `edition` is '' until
    it is prepared; `clashes` say what a person should look at."""

    at: datetime
    campaign: str
    title: str
    edition: str
    state: str
    people: int | None
    approval: str
    clashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One London day with what is due on it, what it is called, and what closes it."""

    day: date
    holiday: str
    freezes: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A campaign that no clock starts, and what does."""

    campaign: str
    title: str
    when: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days from `first` to `last` on which there is something, counted at `counted_at`."""

    first: date
    last: date
    days: tuple[Day, ...]
    others: tuple[Other, ...]
    quiet: str
    stopped: str
    cut: tuple[str, ...]
    faults: int
    counted_at: datetime
    uncounted: bool = False

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything that is due, by time."""
        return tuple(line for day in self.days for line in day.lines)


def calendar(
    ws: Workspace,
    *,
    weeks: int = WEEKS,
    now: datetime | None = None,
    seconds: float | None = None,
) -> Calendar:
    """Return what is due in the `weeks` (1 to 26) from `now` on.

    People are counted as things stand, each audience once; see `calendar_people`. No count is
    begun after `seconds`: `uncounted` then says that the next call goes on.
    """
    now = now or datetime.now(UTC)
    patience = Patience(seconds)
    first = now.astimezone(LONDON).date()
    last = first + timedelta(weeks=min(max(weeks, 1), 26))
    end = datetime.combine(last, datetime.min.time(), LONDON) + timedelta(days=1)
    library = load_library(ws.settings.campaigns, ws.hub)
    with reading(ws.engine) as connection:
        planned = reach.planned(connection)
        stop = holds.stop_order(connection)
        held = {one.campaign: one for one in holds.holds(connection)}
    slots, cut = _slots(ws, library, now, end)
    slots = with_people(ws, slots, {one.name for one in planned}, now, patience)
    lines = [*_of_slots(ws, slots, planned), *_of_editions(planned, slots, now, end)]
    lines = _with_clashes(ws, lines, crowded(ws, slots, now, patience))
    lines = [_with_hold(line, held) for line in lines]
    return Calendar(
        first=first,
        last=last,
        days=tuple(_days(lines, ws.hub.closings.freezes, first, last)),
        others=tuple(_others(library)),
        quiet=ws.hub.closings.quiet_hours.words if ws.hub.closings.quiet_hours else "",
        stopped=f"by {stop.by}: {stop.reason}" if stop else "",
        cut=cut,
        faults=len(library.faults),
        counted_at=now,
        uncounted=patience.lost,
    )


def _slots(
    ws: Workspace, library: Library, now: datetime, end: datetime
) -> tuple[list[Slot], tuple[str, ...]]:
    """Return every slot of every timetable up to `end`, and whose were cut."""
    found, cut = [], []
    for campaign in library.campaigns.values():
        if campaign.slots is None:
            continue
        some = list(islice(campaign.slots.slots(now, end), MOST_SLOTS + 1))
        if len(some) > MOST_SLOTS:
            cut.append(campaign.title)
        rule = rule_of(ws, replace(campaign, journey=""), None)
        found += [Slot(campaign, at, rule) for at in some[:MOST_SLOTS]]
    return sorted(found, key=lambda slot: (slot.at, slot.campaign.slug)), tuple(cut)


def _of_slots(ws: Workspace, slots: Sequence[Slot], planned: Iterable[Planned]) -> Iterator[Line]:
    editions = {one.name: one for one in planned}
    approvals = {slot.campaign.slug: slot.campaign for slot in slots}
    words = {slug: approval_words(ws, campaign) for slug, campaign in approvals.items()}
    for slot in slots:
        made = editions.get(slot.name)
        yield Line(
            at=slot.at,
            campaign=slot.campaign.slug,
            title=slot.campaign.title,
            edition=made.name if made else "",
            state=made.state if made else "",
            people=made.people if made else slot.people,
            approval=words[slot.campaign.slug],
        )


def _of_editions(
    planned: Iterable[Planned], slots: Sequence[Slot], now: datetime, end: datetime
) -> Iterator[Line]:
    """Editions with a time to send of their own."""
    known = {slot.name for slot in slots}
    for one in planned:
        if one.send_at and now <= one.send_at < end and one.name not in known:
            said = "" if one.state == "prepared" else "approved"
            yield Line(
                one.send_at,
                *(one.campaign, one.title, one.name, one.state, one.people),
                approval=said or "not approved yet",
            )


def _with_clashes(
    ws: Workspace, lines: Iterable[Line], crowds: dict[tuple[date, str], str]
) -> list[Line]:
    found = sorted(lines, key=lambda line: (line.at, line.campaign))
    return [
        replace(line, clashes=(*_closed(ws, line), *_near(line, found), *_crowd(line, crowds)))
        for line in found
    ]


def _closed(ws: Workspace, line: Line) -> Iterator[str]:
    closed = ws.hub.closings.closed(line.at, line.campaign)
    if closed is None:
        return
    what = "It will wait" if line.edition else "It will be left out"
    yield f"{what}: {closed.words}"


def _near(line: Line, lines: Sequence[Line]) -> Iterator[str]:
    near = {
        other.title
        for other in lines
        if other.campaign != line.campaign and abs(other.at - line.at) < SAME_HOUR
    }
    if near:
        named = ", ".join(f"“{title}”" for title in sorted(near))
        yield f"Within an hour of {named}"


def _crowd(line: Line, crowds: dict[tuple[date, str], str]) -> Iterator[str]:
    said = crowds.get((line.at.astimezone(LONDON).date(), line.campaign))
    if said:
        yield said


def _with_hold(line: Line, held: dict[str, holds.CampaignHold]) -> Line:
    hold = held.get(line.campaign)
    if hold is None:
        return line
    return replace(line, clashes=(*line.clashes, f"Held by {hold.who}: {hold.reason}"))


def _days(
    lines: Sequence[Line], freezes: Sequence[Freeze], first: date, last: date
) -> Iterator[Day]:
    by_day: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        by_day[line.at.astimezone(LONDON).date()].append(line)
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        begins = datetime.combine(day, datetime.min.time(), LONDON)
        frozen = tuple(
            one.reason + (f" (not for {', '.join(one.besides)})" if one.besides else "")
            for one in freezes
            if one.begins < begins + timedelta(days=1) and one.ends > begins
        )
        if by_day[day] or frozen or bank_holiday(day):
            yield Day(day, bank_holiday(day), frozen, tuple(by_day[day]))


def _others(library: Library) -> Iterator[Other]:
    named = sorted(library.campaigns.values(), key=lambda one: one.title.lower())
    for campaign in named:
        if campaign.slots is None:
            yield Other(campaign.slug, campaign.title, when_sent(campaign))
