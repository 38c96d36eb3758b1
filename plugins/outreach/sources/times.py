"""Dates and times as people write them -> instants in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from outreach.clock import LONDON
from outreach.sources.values import BadValue

_FORMATS = (
    "%d/%m/%Y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %B %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
)
_EXCEL_DAY = re.compile(r"[34][0-9]{4}(\.[0-9]+)?")
_TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", " at %H:%M", " %I:%M %p", " %I:%M:%S %p")


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


def read_past_time(value: str, what: str, now: datetime) -> datetime:
    """Like `read_time`, and raises BadValue for a time after `now` (ten minutes are allowed)."""
    instant = read_time(value, what)
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
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for day in _FORMATS:
        for clock in _TIMES:
            try:
                return datetime.strptime(text, day + clock)  # noqa: DTZ007 - London's, see above
            except ValueError:
                continue
    return None


def _london(moment: datetime, what: str) -> datetime:
    early, late = (moment.replace(tzinfo=LONDON, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != moment:
        raise BadValue(f"{what} is a time that did not exist", "the clocks went forward then")
    raise BadValue(f"{what} is a time that came twice", "the clocks went back then; add the zone")
