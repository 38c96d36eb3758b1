"""What copy may name, and how a value becomes one inert line of text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jinja2 import Undefined

from outreach.domain import Reader

MAX_VALUE = 500
"""Characters of one value; a longer one ends in an ellipsis."""

LONDON = ZoneInfo("Europe/London")

LEAF = None
"""A field that is printed or tested as it is."""

ANY = "any"
"""A value with parts that are looked up while rendering, such as a list."""

Fields = Mapping[str, "Fields | str | None"]

FIELDS: Fields = {
    "contact": {
        "first_name": LEAF,
        "last_name": LEAF,
        "name": LEAF,
        "job_role": LEAF,
        "sector": LEAF,
        "ics_area": LEAF,
        "borough": LEAF,
        "pledged": LEAF,
        "pledged_on": LEAF,
        "organisation": {"name": LEAF, "ods_code": LEAF},
    },
    "hub": {
        "name": LEAF,
        "short_name": LEAF,
        "identity": LEAF,
        "website": LEAF,
        "wres_url": LEAF,
        "privacy_url": LEAF,
        "sectors": ANY,
        "areas": ANY,
        "ics_areas": ANY,
        "boroughs": ANY,
        "survey_answers": ANY,
        "area_fact": ANY,
    },
    "edition": {"occurrence": LEAF, "date": ANY},
    "arm": LEAF,
    "links": {"unsubscribe": LEAF, "view": LEAF},
}
"""Every name that copy may use."""

LINKS = ("unsubscribe", "view")
"""The links that are always slots 0 and 1."""


@dataclass(frozen=True, slots=True)
class EditionContext:
    """What copy may say about its edition: the occurrence's name and its London date.

    `assets` is where its images stand, with no slash at its end.
    """

    occurrence: str
    date: date
    assets: str = "https://assets.invalid/assets"


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """`contact.organisation` in copy."""

    name: str
    ods_code: str


class ContactView:
    """`contact` in copy: a Reader whose unknown fields are all ''."""

    __slots__ = (
        "borough",
        "first_name",
        "ics_area",
        "job_role",
        "last_name",
        "name",
        "organisation",
        "pledged",
        "pledged_on",
        "sector",
    )

    def __init__(self, reader: Reader) -> None:
        self.first_name = reader.first_name
        self.last_name = reader.last_name
        self.name = reader.name
        self.job_role = reader.job_role
        self.sector = reader.sector
        self.ics_area = reader.ics_area
        self.borough = reader.borough
        self.organisation = OrganisationView(reader.organisation.name, reader.organisation.ods_code)
        self.pledged = reader.pledged
        self.pledged_on = reader.pledged_on or ""


class Link(str):
    """A public link: it enters as it is, whatever its length."""

    __slots__ = ()


# C0, C1, line and paragraph separators: they could end a line, so they become a space.
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Formatting and fillers that print nothing but can reorder or hide text; and lone surrogates.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0"
    "\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return `text` as one inert line of at most MAX_VALUE characters.

    Line breaks and control characters become a space; bidirectional controls, zero-width
    characters and lone surrogates go; runs of space become one; markup is left as it is. A
    space at an end stays, since copy may print `' at ' ~ contact.organisation.name`.
    """
    if len(text) <= MAX_VALUE and text.isascii() and text.isprintable() and "  " not in text:
        return "" if text == " " else text
    kept = _HIDDEN.sub("", _BREAKING.sub(" ", text[: MAX_VALUE * 20]))
    line = _SPACES.sub(" ", kept)
    if len(line) > MAX_VALUE:
        line = line[: MAX_VALUE - 1].rstrip() + "…"
    return "" if line == " " else line


def to_text(value: object) -> str:
    """Return what `{{ value }}` prints: '' for nothing, yes or no, a date in words, one line.

    Raises jinja2.UndefinedError where nothing stands under the name.
    """
    if isinstance(value, Link):
        return value
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return london_date(value)
    if isinstance(value, Undefined):
        return clean(str(value))
    return clean(str(value))


def london_date(value: date | datetime | str | None) -> str:
    """Return a date as `23 November 2026`; '' where there is none."""
    return _dated(value, "")


def london_day(value: date | datetime | str | None) -> str:
    """Return a date with its weekday, `Monday 23 November 2026`; '' where there is none."""
    return _dated(value, "%A ")


def _dated(value: date | datetime | str | None, lead: str) -> str:
    if not isinstance(value, date):
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(LONDON).date()
    return f"{value.strftime(lead)}{value.day} {value.strftime('%B %Y')}"


def thousands(value: float) -> str:
    """Return a number with commas: 1025 as `1,025`."""
    return f"{value:,}"


def listed(values: list[str]) -> str:
    """Return `a, b and c`."""
    words = [str(value) for value in values]
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
