"""Working days and bank holidays, announced and by rule."""

from __future__ import annotations

from datetime import date

import pytest

from outreach.scheduling.holidays import (
    add_working_days,
    bank_holiday,
    bank_holidays_of,
    by_rule,
    is_working_day,
    next_working_day,
    working_days_between,
)

PROCLAIMED = {
    *(date(2020, 5, 4), date(2020, 5, 8)),
    *(date(2022, 5, 30), date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)),
}
"""Moved or added for one year alone: the 75th VE Day, the Platinum Jubilee, and so on."""


@pytest.mark.parametrize("year", range(2013, 2029))
def test_the_rule_gives_the_days_that_were_announced(year: int) -> None:
    announced, ruled = set(bank_holidays_of(year)), set(by_rule(year))
    assert announced ^ ruled <= PROCLAIMED


def test_holidays_are_those_of_england_and_wales() -> None:
    assert bank_holiday(date(2026, 4, 6)) == "Easter Monday"  # not kept in Scotland
    assert not bank_holiday(date(2026, 3, 17))  # St Patrick's Day
    assert is_working_day(date(2026, 11, 24))


def test_beyond_what_is_announced_the_rule_goes_on() -> None:
    # Christmas Day 2039 is a Sunday: both days are kept on the Monday and Tuesday after.
    assert [day for day in range(24, 30) if is_working_day(date(2039, 12, day))] == [28, 29]
    assert bank_holiday(date(2039, 4, 8)) == "Good Friday"


def test_working_days_are_counted_over_weekends_and_holidays() -> None:
    thursday = date(2026, 12, 24)
    assert add_working_days(thursday, 1) == date(2026, 12, 29)
    assert add_working_days(date(2026, 12, 29), -1) == thursday
    assert add_working_days(date(2026, 12, 26), 0) == next_working_day(date(2026, 12, 26))
    assert working_days_between(thursday, date(2026, 12, 30)) == 2
