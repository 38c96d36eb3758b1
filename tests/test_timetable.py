"""Slots of a campaign's timetable: London time, working days, clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import InputError
from outreach.timetable import (
    LONDON,
    bank_holidays,
    in_words,
    is_working_day,
    next_slot,
    slot_occurrence,
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "slot"),
    [
        # A winter and a summer Tuesday: 10:00 in London is 10:00 and 09:00 UTC.
        ("0 10 * * 2", "2026-11-23T12:00", "2026-11-24T10:00"),
        ("0 10 * * 2", "2026-07-06T12:00", "2026-07-07T09:00"),
        # Strictly later: the slot itself leads to the next one.
        ("0 10 * * 2", "2026-11-24T10:00", "2026-12-01T10:00"),
        # Across the change to summer time, Sunday 28 March 2027.
        ("0 10 * * *", "2027-03-27T10:00", "2027-03-28T09:00"),
        ("0 10 * * *", "2027-03-28T09:00", "2027-03-29T09:00"),
    ],
)
def test_a_slot_is_at_london_time(cron: str, after: str, slot: str) -> None:
    assert next_slot(cron, utc(after)) == utc(slot)


def test_a_time_lost_when_the_clocks_go_forward_runs_an_hour_later() -> None:
    lost = next_slot("30 1 * * *", utc("2027-03-28T00:00"))
    assert lost == utc("2027-03-28T01:30")
    assert f"{lost.astimezone(LONDON):%H:%M}" == "02:30"
    assert next_slot("30 1 * * *", lost) == utc("2027-03-29T00:30")


def test_a_time_that_happens_twice_runs_once() -> None:
    first = next_slot("30 1 * * *", utc("2026-10-25T00:00"))
    assert first == utc("2026-10-25T00:30")
    assert next_slot("30 1 * * *", first) == utc("2026-10-26T01:30")


def test_working_days_leave_out_weekends_and_bank_holidays() -> None:
    # 25 December 2026 is a Friday; Boxing Day is kept on Monday 28.
    assert next_slot("0 9 * * *", utc("2026-12-24T09:00"), True) == utc("2026-12-29T09:00")
    assert next_slot("0 9 * * *", utc("2026-12-24T09:00"), False) == utc("2026-12-25T09:00")


def test_holidays_are_those_of_england_and_wales() -> None:
    assert date(2026, 4, 6) in bank_holidays()  # Easter Monday, not kept in Scotland
    assert date(2026, 3, 17) not in bank_holidays()  # St Patrick's Day
    assert is_working_day(date(2026, 11, 24))


def test_beyond_the_known_holidays_weekdays_count_as_working_days() -> None:
    assert next_slot("0 9 * * *", utc("2039-12-24T09:00"), True) == utc("2039-12-26T09:00")


@pytest.mark.parametrize(
    "cron",
    ["", "0 10 * *", "0 10 * * 2 *", "0 25 * * *", "Tuesdays at ten", "@daily", "0 0 31 2 *"],
)
def test_a_timetable_that_makes_no_sense_is_refused_with_an_example(cron: str) -> None:
    with pytest.raises(InputError, match="Tuesdays at 10:00"):
        next_slot(cron, utc("2026-11-23T12:00"))


def test_sundays_on_working_days_only_never_come_round() -> None:
    with pytest.raises(InputError, match="never comes round"):
        next_slot("0 9 * * 0", utc("2026-11-23T12:00"), True)


CRONS = st.sampled_from(
    ["*/15 * * * *", "0,30 1,2 * * *", "30 1 * * 0", "0 10 * * 2", "59 23 * * 1-5", "0 9 1 * *"]
)
AROUND_CHANGES = st.sampled_from([utc("2026-10-25T00:00"), utc("2027-03-28T00:00")])


@given(CRONS, AROUND_CHANGES, st.integers(-300, 300), st.booleans())
def test_slots_only_move_forward_and_none_is_passed_over(
    cron: str, change: datetime, minutes: int, working: bool
) -> None:
    if working and cron == "30 1 * * 0":
        return
    after = change + timedelta(minutes=minutes)
    slot = next_slot(cron, after, working)
    assert slot > after
    # From any moment before the slot, the answer is the same slot: none lies between.
    halfway = after + (slot - after) / 2
    assert next_slot(cron, halfway, working) == slot
    if working:
        assert is_working_day(slot.astimezone(LONDON).date())


def test_an_occurrence_is_named_by_its_london_date() -> None:
    # 23:30 UTC in summer is the next day in London.
    assert slot_occurrence("30 0 * * *", utc("2026-07-06T23:30")) == "2026-07-07"
    assert slot_occurrence("0 10,14 * * *", utc("2026-11-24T14:00")) == "2026-11-24-1400"


def test_a_timetable_can_be_read_by_people() -> None:
    assert (
        in_words("0 10 * * 2", True) == "At 10:00, only on Tuesday (London time, working days only)"
    )
