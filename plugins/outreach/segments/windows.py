"""Since when something is asked: "in the last 30 days", "since 2026-03-01", or at any time."""

from __future__ import annotations

from datetime import date

from outreach.segments import phrases
from outreach.segments.cursor import Cursor
from outreach.segments.phrases import longest
from outreach.segments.tokens import Unreadable
from outreach.segments.vocabulary import MOST_DAYS, Fact

Window = tuple[int | None, date | None]


def window(cursor: Cursor, fact: Fact) -> Window:
    """Read (days, since) after a fact; both None where no time is set. Raises Unreadable."""
    if fact.window == "never":
        return None, None
    if cursor.is_word("since"):
        cursor.take()
        return None, _day(cursor)
    if found := longest(cursor.tokens, cursor.place, {phrases.IN_THE_LAST: True}):
        cursor.place += found[1]
        return _days(cursor), None
    if cursor.is_word("in", "within", "during"):
        raise cursor.wrong("write a time as: in the last 30 days, or: since 2026-03-01")
    if fact.window == "must":
        raise cursor.wrong(f"say since when, as in: {fact.example}")
    return None, None


def _days(cursor: Cursor) -> int:
    token = cursor.now
    if token.kind != "number":
        raise cursor.wrong("write how many days as a number, as in: in the last 30 days")
    cursor.take()
    if not cursor.is_word(*phrases.UNITS):
        raise cursor.wrong("write days or weeks after the number, as in: in the last 30 days")
    days = int(token.value) * phrases.UNITS[cursor.take().value.lower()]
    if not 1 <= days <= MOST_DAYS:
        said = f"write a time from 1 to {MOST_DAYS:,} days"
        raise Unreadable(token.at, token.length, said)
    return days


def _day(cursor: Cursor) -> date:
    token = cursor.now
    try:
        if token.kind != "date":
            raise ValueError
        day = date.fromisoformat(token.value)
        if not 2000 <= day.year <= 2999:
            raise ValueError
    except ValueError:
        raise cursor.wrong("write a day as year-month-day, as in: since 2026-03-01") from None
    cursor.take()
    return day
