"""A step of a journey: so many days after a pledge, who is due, and who is overdue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.scheduling.holidays import add_working_days, next_working_day, working_days_between

MOST_DAYS = 1000
"""No step is longer after its pledge than this."""

NAMED_DATES = 20
"""Working days back to which an overdue step is said with its date."""

_AFTER = re.compile(r"(\d+)\s+(working\s+)?days?", re.IGNORECASE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class After:
    """So many days, or working days, after the day of a pledge (London)."""

    days: int
    working: bool = False

    @property
    def words(self) -> str:
        """Return "7 days", "1 working day"."""
        kind = "working day" if self.working else "day"
        return f"{self.days} {kind}{'' if self.days == 1 else 's'}"

    def due(self, pledged: date) -> date:
        """Return the working day on which the step is due for a pledge made on `pledged`.

        A day off moves it to the next working day.
        """
        if self.working:
            return add_working_days(pledged, self.days)
        return next_working_day(pledged + self.days * _DAY)

    def last_pledged(self, due: date) -> date:
        """Return the latest day of a pledge whose step is due on `due` or before."""
        return _last_pledged(self, due)


def read_after(text: str) -> After:
    """Return "7 days" or "5 working days" as a step. Raises InputError for anything else."""
    found = _AFTER.fullmatch(" ".join(text.split()))
    if not found:
        raise InputError(f"“{text}” is not a time after a pledge; write 7 days or 5 working days")
    days = int(found.group(1))
    if days > MOST_DAYS:
        raise InputError(f"{days} days are too many; a step is {MOST_DAYS} days after or sooner")
    return After(days, bool(found.group(2)))


@dataclass(frozen=True, slots=True)
class Step:
    """Who gets a step on the working day `day`.

    Overdue by more than `grace` working days is too late, unless a person asks for them
    (`overdue`). `later` is the next step of the journey: whoever it has reached does not get this
    one too.
    """

    after: After
    day: date
    grace: int
    overdue: bool = False
    later: After | None = None
    later_name: str = ""

    @property
    def until(self) -> datetime:
        """Pledges made before this instant are due."""
        return _midnight(self.after.last_pledged(self.day) + _DAY)

    @property
    def since(self) -> datetime | None:
        """Pledges made from this instant on are in time; None where none is too late."""
        if self.overdue:
            return None
        return _since(self.after, self.day, self.grace)

    @property
    def overtaken(self) -> datetime | None:
        """Pledges made before this instant have a later step due; None without one."""
        return _midnight(self.later.last_pledged(self.day) + _DAY) if self.later else None

    def too_late(self, pledged_at: datetime) -> str:
        """Return why a pledge's step is not sent any more, or ''."""
        if self.since is None or pledged_at >= self.since:
            return ""
        return _too_late(self.after, self.day, pledged_at.astimezone(LONDON).date())

    def passed_over(self, pledged_at: datetime) -> str:
        """Return why the next step makes this one needless for a pledge, or ''."""
        if self.overtaken is None or pledged_at >= self.overtaken:
            return ""
        return f"the journey's next step is due too: {self.later_name}"


@lru_cache(maxsize=4000)
def _last_pledged(after: After, due: date) -> date:
    # About there: from here it is a few days at most.
    day = add_working_days(due, -after.days) if after.working else due - after.days * _DAY
    while after.due(day) > due:
        day -= _DAY
    while after.due(day + _DAY) <= due:
        day += _DAY
    return day


@lru_cache(maxsize=1000)
def _since(after: After, day: date, grace: int) -> datetime:
    first_due = add_working_days(day, -grace) if grace else day
    return _midnight(after.last_pledged(first_due - _DAY) + _DAY)


@lru_cache(maxsize=4000)
def _too_late(after: After, day: date, pledged: date) -> str:
    due = after.due(pledged)
    if due < add_working_days(day, -NAMED_DATES):
        return f"step was due more than {NAMED_DATES} working days ago"
    ago = working_days_between(due, day)
    days = "1 working day" if ago == 1 else f"{ago} working days"
    return f"step was due on {due.day} {due:%B %Y}, {days} ago"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON).astimezone(UTC)
