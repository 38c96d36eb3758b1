"""Quiet hours and freezes: when nothing is sent, why, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.hub import load_hub
from outreach.scheduling.closing import Closings, Freeze, QuietHours
from outreach.settings import ROOT

GOOD = (ROOT / "hub.yaml").read_text()
NIGHTS = Closings(QuietHours(time(19), time(8), weekends=True))


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def until(closings: Closings, at: str, slug: str = "news") -> str:
    found = closings.closed(london(at), slug)
    return f"{found.until.astimezone(LONDON):%a %d %b %H:%M}" if found else ""


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24T10:00", ""),
        ("2026-11-24T18:59", ""),
        ("2026-11-24T19:00", "Wed 25 Nov 08:00"),
        ("2026-11-25T07:59", "Wed 25 Nov 08:00"),
        ("2026-11-25T08:00", ""),
        # From Friday evening through the weekend to Monday morning is one closing.
        ("2026-11-27T19:30", "Mon 30 Nov 08:00"),
        ("2026-11-28T12:00", "Mon 30 Nov 08:00"),
        # Summer time: 08:00 in London is 07:00 UTC.
        ("2026-07-07T03:00", "Tue 07 Jul 08:00"),
    ],
)
def test_quiet_hours_are_london_time_and_end_with_the_first_open_hour(at: str, opens: str) -> None:
    assert until(NIGHTS, at) == opens


def test_quiet_hours_within_a_day_and_on_bank_holidays() -> None:
    noon = Closings(QuietHours(time(12), time(13), bank_holidays=True))
    assert until(noon, "2026-11-24T12:30") == "Tue 24 Nov 13:00"
    assert until(noon, "2026-11-24T11:30") == ""
    assert until(noon, "2026-12-25T09:00") == "Sat 26 Dec 00:00"
    assert until(noon, "2026-12-28T09:00") == "Tue 29 Dec 00:00"


def test_a_freeze_holds_for_all_campaigns_but_those_it_names() -> None:
    freeze = Freeze(london("2026-11-23T00:00"), london("2026-11-26T00:00"), "election", ("thanks",))
    closings = Closings(NIGHTS.quiet_hours, (freeze,))
    assert until(closings, "2026-11-24T10:00") == "Thu 26 Nov 08:00"
    assert until(closings, "2026-11-24T10:00", "thanks") == ""
    found = closings.closed(london("2026-11-24T10:00"), "news")
    assert found is not None
    assert found.why == "a freeze (election), then quiet hours, 19:00 to 08:00 and at weekends"
    assert "until 26 November 2026, 08:00" in found.words


def test_the_next_closing_is_told_beforehand() -> None:
    at = london("2026-11-24T10:00")
    assert NIGHTS.next_closing(at, "news", timedelta(hours=4)) is None
    assert NIGHTS.next_closing(at, "news", timedelta(hours=12)) == london("2026-11-24T19:00")
    friday = Closings(QuietHours(time(3), time(4), weekends=True))
    found = friday.next_closing(london("2026-11-27T12:00"), "news", timedelta(days=1))
    assert found == london("2026-11-28T00:00")


WRITTEN_TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
SPANS = st.builds(
    QuietHours,
    WRITTEN_TIMES,
    WRITTEN_TIMES,
    st.booleans(),
    st.booleans(),
)
AROUND = st.sampled_from([london("2026-10-24T12:00"), london("2027-03-27T12:00")])


@settings(deadline=None)
@given(SPANS, AROUND, st.integers(0, 60 * 48))
def test_a_closing_always_ends_and_then_it_is_open(
    quiet: QuietHours, around: datetime, minutes: int
) -> None:
    if quiet.begins == quiet.ends:
        return
    closings = Closings(quiet)
    at = around.astimezone(UTC) + timedelta(minutes=minutes)
    found = closings.closed(at, "news")
    if found is not None:
        assert at < found.until < at + timedelta(days=6)
        assert closings.closed(found.until, "news") is None
        assert closings.closed(found.until - timedelta(microseconds=1), "news") is not None


WRITTEN = """
quiet_hours: {from: 19:00, to: "08:00", weekends: true}
freezes:
  - from: 2027-03-22
    to: 2027-05-06
    reason: pre-election period
    except: [pledge-thank-you]
  - {from: 2026-12-01 12:00, to: 2026-12-01 18:00, reason: incident}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "hub.yaml"
    file.write_text(GOOD + text)
    return file


def test_they_stand_in_hub_yaml_and_no_reader_sees_them(tmp_path: Path) -> None:
    hub = load_hub(written(tmp_path, WRITTEN))
    assert hub.closings.quiet_hours == QuietHours(time(19), time(8), weekends=True)
    election, incident = hub.closings.freezes
    # The last day is meant with its evening, and is in summer time.
    assert election.begins == london("2027-03-22T00:00")
    assert election.ends == london("2027-05-07T00:00")
    assert election.besides == ("pledge-thank-you",)
    assert incident.ends - incident.begins == timedelta(hours=6)
    assert hub.digest == load_hub(ROOT / "hub.yaml").digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('quiet_hours: {from: "7pm", to: "08:00"}', "write it as 09:30 or 14:00"),
        ('quiet_hours: {from: "08:00", to: "08:00"}', "different times"),
        ('quiet_hours: {from: "19:00"}', "“quiet_hours.to” is missing"),
        ('quiet_hours: {fron: "19:00", to: "08:00"}', "did you mean “from”?"),
        ("freezes: [{from: 2026-12-02, to: 2026-12-01, reason: x}]", "must end after it begins"),
        ("freezes: [{from: 2026-12-02, to: 2026-12-03}]", "reason” is missing"),
        ("freezes: [{from: soon, to: 2026-12-03, reason: x}]", "not a date and a time"),
        ("freezes: [{from: 2027-03-28 01:30, to: 2027-04-01, reason: x}]", "does not exist"),
    ],
)
def test_a_fault_in_them_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    line = GOOD.count("\n") + 2
    with pytest.raises(InputError) as caught:
        load_hub(written(tmp_path, f"\n{text}\n"))
    assert any(said in fault.message and fault.line == line for fault in caught.value.faults)
