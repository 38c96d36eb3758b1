"""Working days and bank holidays of England and Wales.

Those that are announced come from the copy that ships with `govuk-bank-holidays` (no network);
beyond its last year the rules of the Banking and Financial Dealings Act 1971 are worked out.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import cache, lru_cache

from dateutil.easter import easter
from govuk_bank_holidays.bank_holidays import BankHolidays

_DAY = timedelta(days=1)
_MONDAY = 0


def is_working_day(day: date) -> bool:
    """Whether `day` is neither at a weekend nor a bank holiday in England and Wales."""
    return day.weekday() < 5 and not bank_holiday(day)


def bank_holiday(day: date) -> str:
    """Return what the bank holiday on `day` is called, or ''."""
    return bank_holidays_of(day.year).get(day, "")


@lru_cache(maxsize=64)
def bank_holidays_of(year: int) -> dict[date, str]:
    """Return the bank holidays of a year: as announced, or by rule where none are yet."""
    announced = {day: title for day, title in _announced().items() if day.year == year}
    return announced if announced or year < min(_announced()).year else by_rule(year)


@cache
def _announced() -> dict[date, str]:
    known = BankHolidays(use_cached_holidays=True)
    found = known.get_holidays(division=known.ENGLAND_AND_WALES)
    return {one["date"]: str(one["title"]) for one in found}


def by_rule(year: int) -> dict[date, str]:
    """Return the eight bank holidays of a year as the law sets them, substitutes included.

    What is proclaimed for one year alone, such as a coronation, cannot be known beforehand.
    """
    sunday = easter(year)
    found = {
        sunday - 2 * _DAY: "Good Friday",
        sunday + _DAY: "Easter Monday",
        _monday(year, 5, first=True): "Early May bank holiday",
        _monday(year, 5, first=False): "Spring bank holiday",
        _monday(year, 8, first=False): "Summer bank holiday",
    }
    for day, title in (
        (date(year, 1, 1), "New Year’s Day"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year, 12, 26), "Boxing Day"),
    ):
        found[_substitute(day, found)] = title
    return dict(sorted(found.items()))


def _substitute(day: date, taken: dict[date, str]) -> date:
    while day.weekday() >= 5 or day in taken:
        day += _DAY
    return day


def _monday(year: int, month: int, *, first: bool) -> date:
    days = [d for d in calendar.Calendar().itermonthdates(year, month) if d.month == month]
    mondays = [day for day in days if day.weekday() == _MONDAY]
    return mondays[0] if first else mondays[-1]


def next_working_day(day: date) -> date:
    """Return `day` where it is a working day, or the first one after it."""
    while not is_working_day(day):
        day += _DAY
    return day


def add_working_days(day: date, number: int) -> date:
    """Return the working day that is `number` working days after `day`; 0 is `day` or the next."""
    if number == 0:
        return next_working_day(day)
    step = _DAY if number > 0 else -_DAY
    left = abs(number)
    while left:
        day += step
        left -= is_working_day(day)
    return day


def working_days_between(earlier: date, later: date) -> int:
    """Return how many working days lie after `earlier` up to and with `later`."""
    days = (earlier + n * _DAY for n in range(1, (later - earlier).days + 1))
    return sum(map(is_working_day, days))
