"""Rules that a day fits or does not: "every second Tuesday", "last working day of the month"."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from outreach.scheduling.holidays import is_working_day

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
WEEKS_FROM = date(2026, 1, 5)
"""The Monday that fortnights are counted from where nobody says another day."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EveryDay:
    """Every day, or every working day."""

    working: bool = False

    def fits(self, day: date) -> bool:
        """Whether it comes round on `day`."""
        return not self.working or is_working_day(day)

    def in_words(self) -> str:
        """Return it for people, without the time."""
        return "Every working day" if self.working else "Every day"


@dataclass(frozen=True, slots=True)
class Weekly:
    """These weekdays (0 is Monday), every week, or every second one counted from `weeks_from`."""

    weekdays: tuple[int, ...]
    weeks_from: date | None = None

    def fits(self, day: date) -> bool:
        """Whether it comes round on `day`."""
        if day.weekday() not in self.weekdays:
            return False
        if self.weeks_from is None:
            return True
        monday = self.weeks_from - self.weeks_from.weekday() * _DAY
        return (day - monday).days // 7 % 2 == 0

    def in_words(self) -> str:
        """Return it for people, without the time."""
        names = [WEEKDAYS[one] for one in self.weekdays]
        if self.weeks_from is None:
            return f"Every {_and(names)}"
        return f"Every second {_and(names)}"

    @property
    def note(self) -> str:
        """Which weeks are meant, where that needs saying."""
        if self.weeks_from is None:
            return ""
        return f"weeks counted from the one of {long_date(self.weeks_from)}"


@dataclass(frozen=True, slots=True)
class OfTheMonth:
    """The so-manieth (-1 is the last) weekday, working day (None) or day (`date`) of a month."""

    number: int
    weekday: int | None = None
    working: bool = False

    def fits(self, day: date) -> bool:
        """Whether it comes round on `day`."""
        if self.working:
            return is_working_day(day) and self._place(day, working=True) == self.number
        if self.weekday is None:
            return self._place(day) == self.number
        return day.weekday() == self.weekday and self._place(day, week=True) == self.number

    def _place(self, day: date, *, week: bool = False, working: bool = False) -> int:
        """Which of its kind `day` is in its month; -1 for the last where that is asked for."""
        length = calendar.monthrange(day.year, day.month)[1]
        if self.number < 0:
            if working:
                rest = (day + n * _DAY for n in range(1, length - day.day + 1))
                return 0 if any(map(is_working_day, rest)) else -1
            return -1 if day.day + (7 if week else 1) > length else 0
        if working:
            return sum(is_working_day(day.replace(day=n)) for n in range(1, day.day + 1))
        return (day.day - 1) // 7 + 1 if week else day.day

    def in_words(self) -> str:
        """Return it for people, without the time."""
        if self.weekday is None and not self.working and self.number > 0:
            return f"On the {ordinal(self.number)} of every month"
        which = {place: word for word, place in ORDINALS.items()}[self.number]
        what = "working day" if self.working else "day"
        what = what if self.weekday is None else WEEKDAYS[self.weekday]
        return f"{which.capitalize()} {what} of every month"

    @property
    def note(self) -> str:
        """What a reader would not expect, where there is something."""
        return "left out in shorter months" if self.weekday is None and self.number > 28 else ""


DayRule = EveryDay | Weekly | OfTheMonth


@dataclass(frozen=True, slots=True)
class OnDays:
    """A rule for days with the time of the day, not before `begins`."""

    rule: DayRule
    at: time
    begins: date | None = None
    once_a_day: bool = True

    def walls(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the London wall times after `start` up to `end`, in order."""
        day = max(start.date(), self.begins or start.date())
        while day <= end.date():
            wall = datetime.combine(day, self.at)
            if start < wall <= end and self.rule.fits(day):
                yield wall
            day += _DAY

    def in_words(self) -> str:
        """Return "Every second Tuesday at 10:00, weeks counted from ..."."""
        said = [f"{self.rule.in_words()} at {self.at.hour}:{self.at.minute:02}"]
        said += [note] if (note := getattr(self.rule, "note", "")) else []
        fortnightly = isinstance(self.rule, Weekly) and self.rule.weeks_from is not None
        if self.begins and not fortnightly:
            said.append(f"from {long_date(self.begins)}")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Dates:
    """Written dates and times, in order."""

    moments: tuple[datetime, ...]

    @property
    def once_a_day(self) -> bool:
        """Whether no two of them are on one day."""
        return len({wall.date() for wall in self.moments}) == len(self.moments)

    def walls(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the London wall times after `start` up to `end`, in order."""
        return (wall for wall in self.moments if start < wall <= end)

    def in_words(self) -> str:
        """Return them for people; more than four are cut."""
        said = [f"{long_date(m.date())} at {m.hour}:{m.minute:02}" for m in self.moments[:4]]
        if len(self.moments) > 4:
            said.append(f"{len(self.moments) - 4} more")
        return f"On {_and(said)}"


def long_date(day: date) -> str:
    """Return `Tuesday 1 December 2026`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {day:%B %Y}"


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 11th, ..."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number in (11, 12, 13) else ending}"


def _and(said: list[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
