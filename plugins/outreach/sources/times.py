"""Dates and times as people write them -> instants in UTC."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from outreach.clock import LONDON
from outreach.sources.values import BadValue

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()}
_WRITTEN = re.compile(
    r"([0-9]{1,2})(?:(?P<sign>[/.-])([0-9]{1,2})(?P=sign)|(?P<gap>[ -])([a-z]{3,9})(?P=gap))"
    r"([0-9]{4}|[0-9]{2})"
    r"(?:(?:,| at)? ([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}))?(?: ?([ap])m)?)?",
    re.IGNORECASE,
)
"""A day as it is written here, and perhaps a time: not `strptime`, which is 60 times slower."""

_FULL_YEAR = (".", " ")
"""What stands between day, month and year only where the year is written in full."""

_EXCEL_DAY = re.compile(r"[34][0-9]{4}(\.[0-9]+)?")


@lru_cache(maxsize=4096)
def read_time(value: str, what: str) -> datetime:
    """Return an instant in UTC. Without a zone it is London's; a day alone is its midnight.

    Day before month, as written here. Raises BadValue also for a London time that does not
    exist or comes twice (the clocks change), and for one before 2000.
    """
    text = " ".join(value.split())
    moment = _parsed(text)
    if moment is None:
        raise BadValue(f"{what} is not a date", _advice(text))
    instant = _utc(moment, what) if moment.tzinfo else _london(moment, what)
    if instant.year < 2000:
        raise BadValue(f"{what} is before 2000", "check the date")
    return instant


_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def read_day(value: str, what: str) -> datetime:
    """Return a day's midnight in London, in UTC, also for a day long ago. Raises BadValue."""
    moment = _parsed(" ".join(value.split()))
    if moment is None:
        raise BadValue(f"{what} is not a date", "write it as 2026-03-14 or 14/03/2026")
    return max(_utc(moment if moment.tzinfo else moment.replace(tzinfo=LONDON), what), _OLDEST)


def read_past_time(
    value: str, what: str, now: datetime, shift: timedelta = timedelta()
) -> datetime:
    """Like `read_time`, moved by `shift`; raises BadValue for a time after `now`.

    Ten minutes are allowed, for a clock that is ahead.
    """
    instant = read_time(value, what) + shift
    if instant > now + timedelta(minutes=10):
        raise BadValue(f"{what} is in the future", "check the date; day comes before month")
    return instant


def _advice(text: str) -> str:
    """Return what to do: a bare number is how Excel holds a day in a cell not shown as one."""
    if _EXCEL_DAY.fullmatch(text):
        return "a spreadsheet's number of a day: format the column as a date, and save again"
    return "write it as 2026-03-14 or 14/03/2026 09:30"


def _utc(moment: datetime, what: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue(f"{what} is not a date", "check the year") from None


def _parsed(text: str) -> datetime | None:
    if text.isascii() and text.isdecimal() and len(text) in (10, 13):
        # As other tools' exports count: seconds or thousandths since 1970.
        return datetime.fromtimestamp(int(text[:10]), UTC)
    written = _WRITTEN.fullmatch(text)
    try:
        return _as_written(written) if written else datetime.fromisoformat(text)
    except ValueError:
        return None


def _as_written(found: re.Match[str]) -> datetime | None:
    """Return the moment that a match of `_WRITTEN` tells. Raises ValueError for 31 February."""
    day, sign, number, gap, word, year, hour, minute, second, half = found.groups()
    month = int(number) if number else _MONTHS.get(word.lower(), 0)
    if len(year) == 2:
        if (sign or gap) in _FULL_YEAR or (sign == "-" and number):
            return None
        year = f"{'20' if year < '69' else '19'}{year}"
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    return datetime(int(year), month, int(day), hours, int(minute or 0), int(second or 0))  # noqa: DTZ001 - London's, see above


def _london(moment: datetime, what: str) -> datetime:
    early, late = (moment.replace(tzinfo=LONDON, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != moment:
        raise BadValue(f"{what} is a time that did not exist", "the clocks went forward then")
    raise BadValue(f"{what} is a time that came twice", "the clocks went back then; add the zone")
