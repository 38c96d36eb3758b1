"""Slots of a campaign's timetable: London time, working days, clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.clock import LONDON
from outreach.scheduling.holidays import bank_holidays_of, is_working_day
from outreach.scheduling.timetable import DaysOff, Timetable

SEND, SKIP, MOVE = DaysOff.SEND, DaysOff.SKIP, DaysOff.MOVE

EVERY_KIND = (
    "0 10 * * 2",
    "*/15 * * * *",
    "0,30 1,2 * * *",
    "30 1 * * 0",
    "59 23 * * 1-5",
    "every day 01:30",
    "every Tuesday 10:00",
    "every Monday, Wednesday and Friday at 9:15",
    "every second Tuesday 10:00",
    "every other Friday 16:30 from 2026-12-04",
    "second Tuesday of the month 10:00",
    "last Friday of every month 12:00",
    "last day of the month 17:00",
    "first working day of the month 09:00",
    "last working day of the month 09:30",
    "every working day 09:00",
    "1st of every month 08:30",
    "31st of every month 08:30",
    "2026-12-01 10:00, 2026-12-25 10:00, 2028-05-29 10:00",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def slots(text: str, start: str, number: int, days_off: DaysOff = SEND) -> list[str]:
    found, after = [], utc(start)
    for _ in range(number):
        slot = Timetable(text, days_off).next_slot(after)
        if slot is None:
            break
        found.append(f"{slot.astimezone(LONDON):%Y-%m-%d %H:%M}")
        after = slot
    return found


@pytest.mark.parametrize(
    ("cron", "after", "slot"),
    [
        # A winter and a summer Tuesday: 10:00 in London is 10:00 and 09:00 UTC.
        ("0 10 * * 2", "2026-11-23T12:00", "2026-11-24T10:00"),
        ("0 10 * * 2", "2026-07-06T12:00", "2026-07-07T09:00"),
        ("every Tuesday 10:00", "2026-07-06T12:00", "2026-07-07T09:00"),
        # Strictly later: the slot itself leads to the next one.
        ("0 10 * * 2", "2026-11-24T10:00", "2026-12-01T10:00"),
        # Across the change to summer time, Sunday 28 March 2027.
        ("0 10 * * *", "2027-03-27T10:00", "2027-03-28T09:00"),
        ("every day 10:00", "2027-03-28T09:00", "2027-03-29T09:00"),
    ],
)
def test_a_slot_is_at_london_time(cron: str, after: str, slot: str) -> None:
    assert Timetable(cron).next_slot(utc(after)) == utc(slot)


@pytest.mark.parametrize("timetable", ["30 1 * * *", "every day 01:30"])
def test_a_time_lost_when_the_clocks_go_forward_runs_an_hour_later(timetable: str) -> None:
    lost = Timetable(timetable).next_slot(utc("2027-03-28T00:00"))
    assert lost == utc("2027-03-28T01:30")
    assert f"{lost.astimezone(LONDON):%H:%M}" == "02:30"
    assert Timetable(timetable).next_slot(lost) == utc("2027-03-29T00:30")


@pytest.mark.parametrize("timetable", ["30 1 * * *", "every day 01:30"])
def test_a_time_that_happens_twice_runs_once(timetable: str) -> None:
    first = Timetable(timetable).next_slot(utc("2026-10-25T00:00"))
    assert first == utc("2026-10-25T00:30")
    assert Timetable(timetable).next_slot(first) == utc("2026-10-26T01:30")


@pytest.mark.parametrize("written", ["2027-03-28 01:30", "2026-10-25 01:30"])
def test_a_written_time_that_the_clocks_skip_or_repeat_is_refused(written: str) -> None:
    assert "does not exist or comes twice in London" in Timetable(written).problem()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("every second Tuesday 10:00", ["2026-11-24", "2026-12-08", "2026-12-22", "2027-01-05"]),
        (
            "every second Tuesday 10:00 from 2026-12-01",
            ["2026-12-01", "2026-12-15", "2026-12-29", "2027-01-12"],
        ),
        (
            "second Tuesday of the month 10:00",
            ["2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"],
        ),
        # The last days of December 2026: Thursday 31; of May 2027: Monday 31 is a bank holiday.
        (
            "last working day of the month 10:00",
            ["2026-11-30", "2026-12-31", "2027-01-29", "2027-02-26"],
        ),
        (
            "first working day of the month 10:00",
            ["2026-12-01", "2027-01-04", "2027-02-01", "2027-03-01"],
        ),
        ("31st of every month 10:00", ["2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"]),
        ("every working day 10:00", ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]),
        ("2026-12-03 10:00, 2026-12-01 10:00", ["2026-12-01", "2026-12-03"]),
    ],
)
def test_words_and_dates_come_round_when_they_say(text: str, found: list[str]) -> None:
    assert slots(text, "2026-11-23T12:00", 4) == [f"{day} 10:00" for day in found]


@pytest.mark.parametrize(
    ("days_off", "days"),
    [
        # Christmas Day 2026 is a Friday; Boxing Day is kept on Monday 28.
        (SEND, ["2026-12-25", "2027-01-01"]),
        (SKIP, ["2027-01-08", "2027-01-15"]),
        (MOVE, ["2026-12-29", "2027-01-04"]),
    ],
)
def test_a_slot_on_a_day_off_is_kept_left_out_or_moved(days_off: DaysOff, days: list[str]) -> None:
    found = slots("every Friday 10:00", "2026-12-20T12:00", 2, days_off)
    assert found == [f"{day} 10:00" for day in days]


def test_slots_that_are_moved_to_one_day_are_one_slot() -> None:
    found = slots("every day 10:00", "2026-12-24T12:00", 2, MOVE)
    assert found == ["2026-12-29 10:00", "2026-12-30 10:00"]


FIVE_YEARS = [day for year in range(2026, 2031) for day in bank_holidays_of(year)]


@pytest.mark.parametrize("holiday", FIVE_YEARS, ids=str)
def test_no_bank_holiday_of_five_years_is_written_to_on_working_days(holiday: date) -> None:
    before = utc(f"{holiday - timedelta(days=1)}T23:00")
    for text in ("0 10 * * *", "every day 10:00", "every working day 10:00"):
        for days_off in (SKIP, MOVE):
            slot = Timetable(text, days_off).next_slot(before)
            assert slot is not None
            assert is_working_day(slot.astimezone(LONDON).date())
            assert slot.astimezone(LONDON).date() > holiday
    kept = Timetable("every day 10:00").next_slot(before)
    assert kept is not None
    assert kept.astimezone(LONDON).date() == holiday
    dated = Timetable(f"{holiday} 10:00", SKIP)
    assert "working_days_only leaves out" in dated.problem()
    assert Timetable(f"{holiday} 10:00", MOVE).problem() == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 10 * *", "five parts"),
        ("0 25 * * *", "hour of the timetable"),
        ("@daily", "five parts"),
        ("", "says no time; write for example “every Tuesday 10:00”"),
        ("every Tuesday", "says no time"),
        ("Tuesdays at ten", "says no time"),
        ("every Tusday 10:00", "did you mean “Tuesday”?"),
        ("every Tuesday 10am", "write it as 09:30 or 14:00"),
        ("every Tuesday 25:00", "write it as 09:30 or 14:00"),
        ("secnd Tuesday of the month 10:00", "did you mean “second”?"),
        ("32nd of every month 10:00", "1st to 31st"),
        ("now and then 10:00", "write one like “every Tuesday 10:00”"),
        ("every Tuesday 10:00 from 2026-13-01", "write it as 2026-12-01"),
        ("2026-12-01", "write 2026-12-01 10:00"),
        ("2026-12-01 10:00, 2026-12-01 10:00", "twice; keep one"),
        ("0 0 31 2 *", "never comes round"),
    ],
)
def test_a_timetable_that_makes_no_sense_is_refused_with_what_to_write(
    text: str, said: str
) -> None:
    assert said in Timetable(text).problem()


def test_sundays_on_working_days_only_never_come_round() -> None:
    assert "never comes round" in Timetable("every Sunday 09:00", SKIP).problem()
    assert Timetable("0 9 * * 0", SKIP).next_slot(utc("2026-11-23T12:00")) is None


def test_written_dates_end() -> None:
    dates = Timetable("2026-12-01 10:00, 2026-12-08 10:00")
    assert dates.problem() == ""
    assert dates.next_slot(utc("2026-12-08T10:00")) is None


AROUND = st.sampled_from(
    [utc(f"{day}T00:00") for day in ("2026-10-25", "2027-03-28", "2026-12-25", "2027-03-26")]
)


@settings(deadline=None)
@given(st.sampled_from(EVERY_KIND), AROUND, st.integers(-2000, 2000), st.sampled_from(DaysOff))
def test_slots_only_move_forward_and_none_is_passed_over(
    text: str, around: datetime, minutes: int, days_off: DaysOff
) -> None:
    timetable = Timetable(text, days_off)
    after = around + timedelta(minutes=minutes)
    slot = timetable.next_slot(after)
    if slot is None:
        assert (text, days_off) == ("30 1 * * 0", SKIP) or text.startswith("2026-12-01")
        return
    assert slot > after
    # From any moment before the slot, the answer is the same slot: none lies between.
    assert timetable.next_slot(after + (slot - after) / 2) == slot
    if days_off is not SEND:
        assert is_working_day(slot.astimezone(LONDON).date())


def test_an_occurrence_is_named_by_its_london_date() -> None:
    # 23:30 UTC in summer is the next day in London.
    assert Timetable("30 0 * * *").occurrence(utc("2026-07-06T23:30")) == "2026-07-07"
    assert Timetable("0 10,14 * * *").occurrence(utc("2026-11-24T14:00")) == "2026-11-24-1400"
    assert Timetable("every day 00:30").occurrence(utc("2026-07-06T23:30")) == "2026-07-07"
    twice = "2026-12-01 10:00, 2026-12-01 14:00"
    assert Timetable(twice).occurrence(utc("2026-12-01T14:00")) == "2026-12-01-1400"


@pytest.mark.parametrize(
    ("text", "days_off", "words"),
    [
        ("0 10 * * 2", SKIP, "Tuesdays at 10:00, London time, working days only"),
        ("5 9 * * 1,4", SEND, "Mondays and Thursdays at 9:05, London time"),
        ("30 14 * * *", SEND, "Every day at 14:30, London time"),
        ("0 9 * * 1-5", SEND, "Mondays to Fridays at 9:00, London time"),
        ("0 9 * * 7", SEND, "Sundays at 9:00, London time"),
        ("0 9 1 * *", SEND, "At 09:00, on day 1 of the month, London time"),
        (
            "EVERY tuesday  at 9:00",
            MOVE,
            "Every Tuesday at 9:00, London time, or the next working day",
        ),
        (
            "every other friday 09:00",
            SEND,
            "Every second Friday at 9:00, weeks counted from the one of Monday 5 January 2026, London time",
        ),
        (
            "the last working day of each month 9:00",
            SEND,
            "Last working day of every month at 9:00, London time",
        ),
        ("2nd of every month 9:00", SEND, "On the 2nd of every month at 9:00, London time"),
        ("2026-12-01 10:00", SEND, "On Tuesday 1 December 2026 at 10:00, London time"),
    ],
)
def test_a_timetable_can_be_read_by_people(text: str, days_off: DaysOff, words: str) -> None:
    assert Timetable(text, days_off).in_words() == words
