"""Cells -> values: fixed lists by their other names, London's dates, nothing guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.hub import load_hub
from outreach.settings import ROOT
from outreach.sources import times, values
from outreach.sources.suppressions import read_suppression
from outreach.sources.values import BadValue, Lists

HUB = load_hub(ROOT / "hub.yaml")
LISTS = Lists(HUB.sectors, tuple(area.name for area in HUB.areas), HUB.boroughs)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("GP practice", "General Practice"), ("general-practice", "General Practice"),
        ("Chemist", "Community Pharmacy"), ("DENTAL", "Dentistry"), ("Optician", "Optometry"),
        ("Gp", "General Practice"), ("GP Practice / Surgery", "General Practice"),
        ("General practice (GP)", "General Practice"), ("Community pharmacy", "Community Pharmacy"),
        ("Pharmacy (community)", "Community Pharmacy"), ("Dentist", "Dentistry"),
        ("Optician/Optometrist", "Optometry"), ("High street optician", "Optometry"),
    ],
)  # fmt: skip
def test_sectors_are_known_by_their_other_names(text: str, meant: str) -> None:
    assert values.match_sector(text, LISTS) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("NCL", "North Central London"), ("north central", "North Central London"),
        ("NHS North Central London ICB", "North Central London"), ("SEL", "South East London"),
        ("NWL ICS", "North West London"), ("North-East London", "North East London"),
    ],
)  # fmt: skip
def test_areas_are_known_by_their_other_names(text: str, meant: str) -> None:
    assert values.match_area(text, LISTS) == meant


def test_boroughs_are_known_and_a_near_one_is_suggested_but_not_taken() -> None:
    assert values.match_borough("London Borough of Islington", LISTS) == "Islington"
    with pytest.raises(BadValue) as caught:
        values.match_borough("Izlington", LISTS)
    assert caught.value.reason == "borough not recognised"
    assert 'did you mean "Islington"?' in caught.value.advice
    with pytest.raises(BadValue):
        values.match_area("London", LISTS)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-14", datetime(2026, 3, 14, tzinfo=UTC)),
        ("14/03/2026 09:30", datetime(2026, 3, 14, 9, 30, tzinfo=UTC)),
        ("14/07/2026 09:30", datetime(2026, 7, 14, 8, 30, tzinfo=UTC)),
        ("1 July 2026", datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("2026-07-14T09:30:00+00:00", datetime(2026, 7, 14, 9, 30, tzinfo=UTC)),
        ("14/03/2026 2:05 PM", datetime(2026, 3, 14, 14, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_londons_with_the_day_first(text: str, instant: datetime) -> None:
    assert times.read_time(text, "date") == instant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/02/2026", "not a date"), ("03/14/2026", "not a date"), ("soon", "not a date"),
        ("29/03/2026 01:30", "did not exist"), ("25/10/2026 01:30", "came twice"),
        ("01/01/0026", "before 2000"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_are_refused(text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        times.read_time(text, "date")


def test_a_date_to_come_is_refused() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(BadValue, match="future"):
        times.read_past_time("2026-03-02", "date", now)


@given(st.text(max_size=300))
def test_text_is_one_line_without_invisible_characters(text: str) -> None:
    try:
        clean = values.clean_text(text, "name")
    except BadValue:
        return
    assert clean.isprintable()
    assert clean == " ".join(clean.split())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Dr Amara Okafor", ("Amara", "Okafor")), ("Okafor, Amara", ("Amara", "Okafor")),
        ("Amara", ("Amara", "")), ("Dr", ("Dr", "")), ("Ana van der Berg", ("Ana", "van der Berg")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_full_names_are_split(name: str, parts: tuple[str, str]) -> None:
    assert values.split_name(name) == parts


def test_a_suppression_in_unknown_words_still_suppresses() -> None:
    assert read_suppression("rang us up, cross") == "manual"
    assert read_suppression("Opted-out") == "unsubscribed"


@pytest.mark.parametrize("text", ["GP / Pharmacy", "GP or dentist", "/", "Podiatry (GP)"])
def test_a_text_that_names_two_sectors_or_none_means_neither(text: str) -> None:
    with pytest.raises(BadValue, match="not recognised"):
        values.match_sector(text, LISTS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("As an individual", "person"), ("A person", "person"), ("Myself", "person"),
        ("An individual member of practice staff", "person"), ("organisation", "organisation"),
        ("On behalf of my organisation", "organisation"), ("Our practice", "organisation"),
        ("An organisation", "organisation"), ("Both my team and me", "organisation"),
    ],
)  # fmt: skip
def test_who_pledges_is_known_by_how_people_put_it(text: str, meant: str) -> None:
    assert values.read_pledge_kind(text) == meant


@pytest.mark.parametrize("text", ["Yes", "Ask my manager", "n/a"])
def test_who_pledges_is_never_guessed(text: str) -> None:
    with pytest.raises(BadValue, match="who pledges"):
        values.read_pledge_kind(text)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"])
@pytest.mark.parametrize("read", [times.read_time, times.read_day])
def test_a_time_beyond_all_calendars_is_no_date_and_stops_nothing(
    read: Callable[[str, str], datetime], text: str
) -> None:
    with pytest.raises(BadValue, match="is not a date"):
        read(text, "date")


def test_a_spreadsheets_bare_number_of_a_day_is_known_and_not_guessed() -> None:
    with pytest.raises(BadValue) as caught:
        times.read_time("46095", "pledge date")
    assert "format the column as a date" in caught.value.advice
