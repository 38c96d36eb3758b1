"""A value becomes one inert line."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.rendering.values import MAX_VALUE, clean, listed, london_date, london_day


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("Ada", "Ada"),
        ("*Bob* [x](http://y) <b> {{ 7*7 }}", "*Bob* [x](http://y) <b> {{ 7*7 }}"),
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\u2028b\u2029c\u0085d\x0be\x0cf\x00g", "a b c d e f g"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("z\u200be\u200dr\ufeffo\u00ad", "zero"),
        ("\ud800x", "x"),
        ("a\u00a0 \tb", "a b"),
        ("\u200b \u2028", ""),
        (" ", ""),
        (" at Elm", " at Elm"),
        ("Zoë Łukasz 李 أحمد", "Zoë Łukasz 李 أحمد"),
    ],
)
def test_what_becomes_of_a_value(given_: str, cleaned: str) -> None:
    assert clean(given_) == cleaned


def test_a_long_value_ends_in_an_ellipsis() -> None:
    assert clean("x" * 10_000) == "x" * (MAX_VALUE - 1) + "…"


@given(st.text(st.characters(), max_size=600))
def test_any_value_is_one_short_line_that_can_be_encoded_and_cleaned_again(text: str) -> None:
    line = clean(text)
    assert len(line.splitlines()) <= 1
    assert len(line) <= MAX_VALUE
    assert not any(ord(c) < 32 or 0x7F <= ord(c) <= 0x9F for c in line)
    assert clean(line) == line
    line.encode()


def test_a_time_is_shown_as_its_day_in_london() -> None:
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert london_date(late) == "1 July 2026"
    assert london_day(date(2026, 11, 23)) == "Monday 23 November 2026"
    assert london_date("") == london_date(None) == ""


def test_lists_read_as_people_say_them() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert listed([]) == ""
