"""When a step after a pledge is due, and for whom it comes too late."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.clock import LONDON
from outreach.scheduling.holidays import is_working_day
from outreach.scheduling.steps import After, Step, read_after


@pytest.mark.parametrize(
    ("after", "pledged", "due"),
    [
        ("7 days", "2026-11-23", "2026-11-30"),
        # A Saturday: due on the next working day.
        ("5 days", "2026-11-23", "2026-11-30"),
        ("5 working days", "2026-11-23", "2026-11-30"),
        ("5 working days", "2026-11-21", "2026-11-27"),
        ("1 working day", "2026-12-24", "2026-12-29"),
        ("0 days", "2026-12-25", "2026-12-29"),
        ("180 days", "2026-07-01", "2026-12-29"),
    ],
)
def test_a_step_is_due_on_a_working_day(after: str, pledged: str, due: str) -> None:
    assert read_after(after).due(date.fromisoformat(pledged)) == date.fromisoformat(due)


AFTERS = st.builds(After, st.integers(0, 200), st.booleans())
DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@settings(deadline=None)
@given(AFTERS, DAYS)
def test_whoever_pledged_until_the_last_day_is_due_and_nobody_later(
    after: After, day: date
) -> None:
    last = after.last_pledged(day)
    assert after.due(last) <= day < after.due(last + timedelta(days=1))


@settings(deadline=None)
@given(AFTERS, DAYS.filter(is_working_day), st.integers(0, 5), st.integers(-30, 30), st.times())
def test_a_pledge_is_in_time_exactly_from_its_due_day_to_the_end_of_its_grace(
    after: After, day: date, grace: int, off: int, clock: time
) -> None:
    step = Step(after, day, grace)
    pledged = after.last_pledged(day) + timedelta(days=off)
    at = datetime.combine(pledged, clock, LONDON).astimezone(UTC)
    due = after.due(at.astimezone(LONDON).date())
    working = [due + timedelta(days=n) for n in range(1, (day - due).days + 1)]
    late = sum(map(is_working_day, working))
    assert (at < step.until) is (due <= day)
    if due <= day:
        assert bool(step.too_late(at)) is (late > grace)


def test_why_a_step_came_too_late_names_its_day_and_how_long_ago() -> None:
    step = Step(After(7), date(2027, 3, 10), 2)
    assert step.too_late(datetime(2027, 2, 24, tzinfo=UTC)) == (
        "step was due on 3 March 2027, 5 working days ago"
    )
    assert step.too_late(datetime(2025, 1, 1, tzinfo=UTC)) == (
        "step was due more than 20 working days ago"
    )
    assert (
        Step(After(7), date(2027, 3, 10), 2, overdue=True).too_late(
            datetime(2025, 1, 1, tzinfo=UTC)
        )
        == ""
    )


def test_pledges_are_of_their_london_day_on_both_sides_of_a_clock_change() -> None:
    # 23:30 UTC on 28 March 2027 is 29 March in London: seven days later is 5 April.
    step = Step(After(7), date(2027, 4, 5), 0)
    assert step.since is not None
    assert step.since <= datetime(2027, 3, 28, 23, 30, tzinfo=UTC) < step.until
    # 23:30 UTC on 25 October 2026, after the change, is still that day.
    autumn = Step(After(7), date(2026, 11, 2), 0)
    assert datetime(2026, 10, 25, 23, 30, tzinfo=UTC) < autumn.until
    assert autumn.until == datetime(2026, 10, 27, tzinfo=UTC)
