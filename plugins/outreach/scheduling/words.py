"""Timetables in words, such as "every second Tuesday 10:00" -> the rule they mean."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from difflib import get_close_matches

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.scheduling.days import (
    ORDINALS,
    WEEKDAYS,
    WEEKS_FROM,
    Dates,
    DayRule,
    EveryDay,
    OfTheMonth,
    OnDays,
    Weekly,
)

EXAMPLES = (
    "every Tuesday 10:00",
    "every second Tuesday 10:00",
    "second Tuesday of the month 10:00",
    "last working day of the month 09:30",
    "every working day 09:00",
    "1st of every month 08:30",
)
"""One of each kind, for errors and the documentation."""

_FROM = re.compile(r"\s+from\s+(\S+)$", re.IGNORECASE)
_TIME = re.compile(r"\s+(?:at\s+)?(\S*\d\S*)$", re.IGNORECASE)
_OF_MONTH = r"\s+of\s+(?:the|every|each)\s+month"
_EVERY_DAY = re.compile(r"every\s+(working\s+)?day", re.IGNORECASE)
_WEEKLY = re.compile(r"every\s+(second\s+|other\s+)?(.+)", re.IGNORECASE)
_MONTHLY = re.compile(rf"(?:the\s+|every\s+)?(\w+)\s+(working\s+day|\w+){_OF_MONTH}", re.IGNORECASE)
_NTH = re.compile(rf"(?:on\s+)?(?:the\s+)?(\d+)(?:st|nd|rd|th)?{_OF_MONTH}", re.IGNORECASE)
_SHORT = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2})(?::00)?")


def read_words(text: str) -> OnDays:
    """Return the timetable that `text` says. Raises InputError with what to write instead."""
    rest, begins = " ".join(text.split()), None
    if found := _FROM.search(rest):
        begins, rest = read_date(found.group(1)), rest[: found.start()]
    found = _TIME.search(rest)
    if not found or re.fullmatch(r"\d+(?:st|nd|rd|th)", found.group(1)):
        raise InputError(f"“{text}” says no time; write for example “{EXAMPLES[0]}”")
    at, rest = read_time(found.group(1)), rest[: found.start()]
    rule = _rule(rest, begins)
    return OnDays(rule, at, begins)


def read_dates(written: str) -> Dates:
    """Return the dates of a text such as "2026-12-01 10:00, 2027-01-12 10:00", in order.

    Raises InputError for what is no date and time, comes twice, or where London's clocks skip
    or repeat it.
    """
    moments = [read_moment(part.strip()) for part in written.split(",")]
    if len(set(moments)) < len(moments):
        twice = next(m for m in moments if moments.count(m) > 1)
        raise InputError(f"{twice:%Y-%m-%d %H:%M} stands here twice; keep one")
    return Dates(tuple(sorted(moments)))


def read_moment(text: str) -> datetime:
    """Return one London wall time. Raises InputError, also where the clocks change over it."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise InputError(f"“{text}” is not a date and a time; write 2026-12-01 10:00")
    wall = datetime.combine(read_date(found.group(1)), read_time(found.group(2)))
    local = wall.replace(tzinfo=LONDON)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise InputError(
            f"{text} does not exist or comes twice in London, as the clocks change; "
            "choose another time"
        )
    return wall


def read_time(text: str) -> time:
    """Return the time of the day. Raises InputError, saying how one is written."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if not found or int(found.group(1)) > 23 or int(found.group(2)) > 59:
        raise InputError(f"“{text}” is not a time; write it as 09:30 or 14:00")
    return time(int(found.group(1)), int(found.group(2)))


def read_date(text: str) -> date:
    """Return the day. Raises InputError, saying how one is written."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"“{text}” is not a date; write it as 2026-12-01") from None


def _rule(text: str, begins: date | None) -> DayRule:
    if found := _EVERY_DAY.fullmatch(text):
        return EveryDay(working=bool(found.group(1)))
    if found := _NTH.fullmatch(text):
        number = int(found.group(1))
        if not 1 <= number <= 31:
            raise InputError(f"no month has a day {number}; choose 1st to 31st")
        return OfTheMonth(number)
    if found := _MONTHLY.fullmatch(text):
        return _of_the_month(found.group(1), " ".join(found.group(2).lower().split()))
    if found := _WEEKLY.fullmatch(text):
        names = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", found.group(2))
        weekdays = tuple(sorted({_weekday(name) for name in names}))
        return Weekly(weekdays, (begins or WEEKS_FROM) if found.group(1) else None)
    raise InputError(f"“{text}” is not a timetable; write one like {_examples()}")


def _of_the_month(ordinal: str, what: str) -> OfTheMonth:
    number = ORDINALS.get(_SHORT.get(ordinal.lower(), ordinal.lower()))
    if number is None:
        near = get_close_matches(ordinal.lower(), ORDINALS, n=1, cutoff=0.6)
        said = f"did you mean “{near[0]}”?" if near else f"choose from: {', '.join(ORDINALS)}"
        raise InputError(f"“{ordinal}” is not which one of the month; {said}")
    if what == "working day":
        return OfTheMonth(number, working=True)
    if what == "day":
        return OfTheMonth(number)
    return OfTheMonth(number, weekday=_weekday(what))


def _weekday(name: str) -> int:
    lowered = name.lower().removesuffix("s")
    known = [day.lower() for day in WEEKDAYS]
    for place, day in enumerate(known):
        if lowered in (day, day[:3]):
            return place
    near = get_close_matches(lowered, known, n=1, cutoff=0.6)
    said = f"did you mean “{near[0].capitalize()}”?" if near else f"write one like {_examples()}"
    raise InputError(f"“{name}” is not a day of the week; {said}")


def _examples() -> str:
    return " or ".join(f"“{one}”" for one in EXAMPLES[:3])
