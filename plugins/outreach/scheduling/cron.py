"""Five-field cron texts: what is wrong with one, its London wall times, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cron_descriptor import Options, get_description
from croniter import CroniterError, croniter

from outreach.errors import InputError

_OPTIONS = Options()
_OPTIONS.use_24hour_time_format = True
_OPTIONS.locale_code = "en_GB"

_WEEKLY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-7](?:,[0-7])*)")
_DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "day of the week": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_PART = re.compile(r"(\*|\w+(?:-\w+)?)(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron text that was found right."""

    text: str

    @property
    def once_a_day(self) -> bool:
        """Whether it comes round at one time of the day only."""
        minute, hour = self.text.split()[:2]
        return minute.isdigit() and hour.isdigit()

    def walls(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the wall times after `start` up to `end`, in order."""
        try:
            moments = croniter(self.text, start, ret_type=datetime)
            while (wall := moments.get_next()) <= end:
                yield wall
        except CroniterError:
            return

    def in_words(self) -> str:
        """Return "Tuesdays at 10:00" where it is weekly or daily, else a longer sentence."""
        found = _WEEKLY.fullmatch(self.text)
        if found is None:
            return str(get_description(self.text, _OPTIONS))
        minute, hour, days = found.groups()
        at = f"at {int(hour)}:{int(minute):02}"
        if days == "*":
            return f"Every day {at}"
        if days == "1-5":
            return f"Mondays to Fridays {at}"
        return f"{' and '.join(_DAYS[int(day) % 7] for day in days.split(','))} {at}"


def read_cron(text: str) -> Cron:
    """Return the cron `text`. Raises InputError saying which part is wrong."""
    wrong = cron_problem(text)
    if wrong:
        raise InputError(wrong)
    return Cron(" ".join(text.split()))


def cron_problem(timetable: str) -> str:
    """Return what is wrong with a five-field cron text, or ''."""
    fields = timetable.split()
    if len(fields) != len(_FIELDS):
        return (
            f"a timetable has five parts (minute hour day month weekday), not {len(fields)}; "
            'Tuesdays at 10:00 is "0 10 * * 2"'
        )
    for text, (name, low, high) in zip(fields, _FIELDS, strict=True):
        if not all(_part_fits(part, name, low, high) for part in text.split(",")):
            return f"the {name} of the timetable, “{text}”, is not {low} to {high}"
    return ""


def _part_fits(part: str, name: str, low: int, high: int) -> bool:
    match = _PART.fullmatch(part)
    if not match or match.group(2) == "0":
        return False
    if match.group(1) == "*":
        return True
    numbers = [_number(text, name, low) for text in match.group(1).split("-")]
    return all(low <= number <= high for number in numbers) and numbers == sorted(numbers)


def _number(text: str, name: str, low: int) -> int:
    names = _NAMES.get(name, [])
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdecimal() else -1
