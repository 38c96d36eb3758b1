"""When a campaign's timetable next comes round: cron read in Europe/London, working days.

Pure: no Airflow, no network, no clock. Bank holidays are those of England and Wales, from the
copy that ships with `govuk-bank-holidays`; beyond its last year only weekends are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from cron_descriptor import Options, get_description
from croniter import CroniterError, croniter
from govuk_bank_holidays.bank_holidays import BankHolidays

from outreach.errors import InputError

LONDON = ZoneInfo("Europe/London")

_TWENTY_FOUR_HOURS = Options()
_TWENTY_FOUR_HOURS.use_24hour_time_format = True
_TWENTY_FOUR_HOURS.locale_code = "en_GB"
_CLOCK_CHANGE = timedelta(hours=1)
_HORIZON = timedelta(days=366 * 5)
"""A timetable with no slot in five years has none: "31 February", or Sundays on working days."""


def next_slot(cron: str, after: datetime, working_days_only: bool = False) -> datetime:
    """Return the first slot of `cron` strictly later than `after`, in UTC.

    `cron` has five fields and is read as London wall time. When the clocks go forward, a time
    that does not exist moves on by the hour that was lost (01:30 becomes 02:30 BST). When they
    go back, a time that happens twice means the first. With `working_days_only`, slots on
    Saturdays, Sundays and bank holidays are left out, not moved.

    Raises InputError where `cron` cannot be read or never comes round.
    """
    # A time that did not exist sorts before the times it lands among, so look an hour around.
    wall = after.astimezone(LONDON).replace(tzinfo=None) - _CLOCK_CHANGE
    best: datetime | None = None
    for candidate in _walls(cron, wall, working_days_only):
        slot = candidate.replace(tzinfo=LONDON).astimezone(UTC)
        if slot > after and (best is None or slot < best):
            best, last = slot, candidate + _CLOCK_CHANGE
        if best is not None and candidate >= last:
            break
    if best is None:
        raise InputError(f"the timetable {cron!r} never comes round; see {_HELP}")
    return best


def is_working_day(day: date) -> bool:
    """Whether `day` is neither at a weekend nor a bank holiday in England and Wales."""
    return day.weekday() < 5 and day not in bank_holidays()


@cache
def bank_holidays() -> frozenset[date]:
    """Bank holidays in England and Wales, from the packaged copy (no network)."""
    known = BankHolidays(use_cached_holidays=True)
    return frozenset(h["date"] for h in known.get_holidays(division=known.ENGLAND_AND_WALES))


def slot_occurrence(cron: str, slot: datetime) -> str:
    """Return the name of the occurrence at `slot`: its London date, such as 2026-11-24.

    A timetable that comes round more than once a day adds the time: 2026-11-24-1400.
    """
    local = slot.astimezone(LONDON)
    minute, hour = cron.split()[:2]
    once_a_day = minute.isdigit() and hour.isdigit()
    return f"{local:%Y-%m-%d}" if once_a_day else f"{local:%Y-%m-%d-%H%M}"


def in_words(cron: str, working_days_only: bool = False) -> str:
    """Return `cron` for people: `At 10:00, only on Tuesday (London time, working days only)`."""
    days = ", working days only" if working_days_only else ""
    return f"{get_description(cron, _TWENTY_FOUR_HOURS)} (London time{days})"


_HELP = 'for example "0 10 * * 2" for Tuesdays at 10:00'


def _walls(cron: str, start: datetime, working_days_only: bool) -> Iterator[datetime]:
    """London wall times of `cron` after `start`, up to the horizon."""
    if len(cron.split()) != 5:
        raise InputError(f"a timetable has five fields, not {cron!r}; {_HELP}")
    try:
        moments = croniter(cron, start, ret_type=datetime)
        while (wall := moments.get_next()) <= start + _HORIZON:
            if not working_days_only or is_working_day(wall.date()):
                yield wall
    except CroniterError:
        raise InputError(f"{cron!r} is not a timetable that can be read; {_HELP}") from None
