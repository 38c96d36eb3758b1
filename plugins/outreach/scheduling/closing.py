"""When nothing is sent: quiet hours each day, and freezes for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from outreach.clock import LONDON, london
from outreach.scheduling.holidays import is_working_day

_MOST_IN_A_ROW = 2000
"""Closings that follow each other; a chain of this many never ends."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Every day from `begins` to `ends` (London); with `weekends`, all of Saturday and Sunday.

    With `bank_holidays`, all of those of England and Wales too.
    """

    begins: time
    ends: time
    weekends: bool = False
    bank_holidays: bool = False

    @property
    def words(self) -> str:
        """Return "quiet hours, 19:00 to 08:00 and at weekends"."""
        also = ["at weekends"] if self.weekends else []
        also += ["on bank holidays"] if self.bank_holidays else []
        return " and ".join([f"quiet hours, {self.begins:%H:%M} to {self.ends:%H:%M}", *also])

    def end(self, at: datetime) -> datetime | None:
        """Return when the quiet time around `at` ends at the earliest; None outside of any."""
        local = at.astimezone(LONDON)
        day, clock = local.date(), local.time()
        if self._all_day(local):
            return _instant(datetime.combine(day + timedelta(days=1), time()), at)
        if self.begins <= self.ends:
            quiet, ends_on = self.begins <= clock < self.ends, day
        else:
            quiet = clock >= self.begins or clock < self.ends
            ends_on = day + timedelta(days=1) if clock >= self.begins else day
        return _instant(datetime.combine(ends_on, self.ends), at) if quiet else None

    def _all_day(self, local: datetime) -> bool:
        weekend = local.weekday() >= 5
        if weekend:
            return self.weekends
        return self.bank_holidays and not is_working_day(local.date())


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nothing but the campaigns `besides` is sent from `begins` up to, and without, `ends`."""

    begins: datetime
    ends: datetime
    reason: str
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing may be sent at a time, and the first instant (UTC) at which it may again."""

    why: str
    until: datetime

    @property
    def words(self) -> str:
        """Return the reason with its end."""
        return f"{self.why}, until {london(self.until)}"


@dataclass(frozen=True, slots=True)
class Closings:
    """The hub's quiet hours and freezes."""

    quiet_hours: QuietHours | None = None
    freezes: tuple[Freeze, ...] = ()

    def closed(self, at: datetime, slug: str) -> Closed | None:
        """Return why campaign `slug` may not be sent at `at`; None where it may.

        Closings that follow each other count as one: `until` is when it may be sent at last.
        """
        first = self._around(at, slug)
        if first is None:
            return None
        until, nearest = first.until, first
        for _ in range(_MOST_IN_A_ROW):
            following = self._around(until, slug)
            if following is None:
                break
            until, nearest = following.until, following
        why = first.why if first.why == nearest.why else f"{first.why}, then {nearest.why}"
        return Closed(why, until)

    def next_closing(self, after: datetime, slug: str, within: timedelta) -> datetime | None:
        """Return the first instant after `after`, and within `within`, when sending must stop."""
        starts = [f.begins for f in self.freezes if slug not in f.besides]
        if self.quiet_hours:
            day = after.astimezone(LONDON).date()
            for n in range(within.days + 2):
                for clock in (time(), self.quiet_hours.begins):
                    wall = datetime.combine(day + timedelta(days=n), clock)
                    starts.append(wall.replace(tzinfo=LONDON).astimezone(UTC))
        for start in sorted(starts):
            if after < start <= after + within and self._around(start, slug):
                return start
        return None

    def _around(self, at: datetime, slug: str) -> Closed | None:
        """Return the one that ends last of those that hold at `at`."""
        found = [
            Closed(f"a freeze ({f.reason})", f.ends)
            for f in self.freezes
            if f.begins <= at < f.ends and slug not in f.besides
        ]
        quiet = self.quiet_hours.end(at) if self.quiet_hours else None
        if quiet is not None and self.quiet_hours:
            found.append(Closed(self.quiet_hours.words, quiet))
        return max(found, key=lambda one: one.until, default=None)


NEVER_CLOSED = Closings()
"""No quiet hours and no freeze."""


def _instant(wall: datetime, after: datetime) -> datetime:
    """Return the first time after `after` that London's clocks show `wall`."""
    first = wall.replace(tzinfo=LONDON).astimezone(UTC)
    return first if first > after else wall.replace(tzinfo=LONDON, fold=1).astimezone(UTC)
