"""The people of a messy list: what is true of each, and the rows that tell it, well or badly."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench.messy_forms import (
    BAD_ADDRESSES,
    FAULTY_DATES,
    FORMS,
    LONDON,
    UNKNOWN,
    Fits,
    address,
    day,
    moment,
    written,
)

TEXTS = (
    *("first_name", "last_name", "job_role", "sector", "ics_area", "borough"),
    *("organisation_name", "ods_code"),
)
COLUMNS = ("email", *TEXTS, "left_on", "pledged_at")

_FIRST = ("Amara", "Zoë", "Siân", "José", "Łucja", "Nguyễn", "O'Neil", "Mary Ann", "Ọlá", "Bo")
_LAST = ("Okafor", "Müller", "de Souza", "Smith-Jones", "Østergård", "Khan", "Ó Briain", "李")
_ROLES = ("GP", "Practice manager", "Practice nurse", "Receptionist", "Pharmacist", "Dental nurse")
_SAID: Mapping[str, str] = {
    "Am\0ara": "Am ara",
    "\u202eAmara\u202c": "Amara",
    "Ama\u200bra": "Amara",
    "Amara\u2028Beth": "Amara Beth",
    "Amara\nBeth": "Amara Beth",
    "Amara\r\n\tBeth": "Amara Beth",
    '=HYPERLINK("https://example.org","x")': '=HYPERLINK("https://example.org","x")',
    "'=1+1": "=1+1",
    "@SUM(A1)": "@SUM(A1)",
    "-2+3": "-2+3",
    '"Amara"': '"Amara"',
    "Amara, the first; or | not": "Amara, the first; or | not",
    "Zoe\u0308": "Zoë",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "{{ contact.email }}": "{{ contact.email }}",
    "x" * 200: "x" * 200,
    "NULL": "NULL",
    "😀": "😀",
}
"""A first name as written, and what is kept of it."""

_LONG = ("x" * 201, "Amara " * 60, "x" * 10_000, "é" * 900)
_PLEDGES_FROM = datetime(2023, 1, 1, tzinfo=LONDON)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its cells by column, and either why it is refused or what it says of whom.

    `extra` is a cell too many.
    """

    cells: Mapping[str, str]
    reason: str = ""
    email: str = ""
    says: Mapping[str, Any] = field(default_factory=dict)
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Teller:
    """What a story is told with. `number` is the person's own; `pledges` asks for pledge rows."""

    rng: random.Random
    number: int
    fits: Fits
    pledges: bool

    def email(self, mark: str = "") -> str:
        """Return an address that nobody else has, with what `mark` adds before the @."""
        return f"p{self.number}.{self.rng.choice('abc')}{mark}@gp{self.number % 50}.example.org"

    def pick(self, texts: tuple[str, ...]) -> str:
        """Return one of these texts that can be written in this file."""
        return self.rng.choice([text for text in texts if self.fits(text)])

    def truth(self) -> dict[str, Any]:
        """Return what is true of somebody: every text field, without a leaving date."""
        pick = self.rng.choice
        values = {name: pick(sorted(FORMS[name])) for name in ("sector", "ics_area", "borough")}
        return {
            **values,
            "first_name": self.pick(_FIRST),
            "last_name": self.pick(_LAST),
            "job_role": pick(_ROLES),
            "organisation_name": f"Surgery {self.number % 997}, Hill Road",
            "ods_code": f"F{83_000 + self.number % 700}",
            **({"pledged_at": self.instant()} if self.pledges else {}),
        }

    def instant(self) -> datetime:
        """Return a minute of a working day: one that exists once."""
        days, minutes = self.rng.randrange(900), self.rng.randrange(8 * 60, 18 * 60)
        return _PLEDGES_FROM + timedelta(days=days, minutes=minutes)

    def row(self, email: str, says: Mapping[str, Any], **other: str) -> Line:
        """Return a good row that says this of the person with this address."""
        cells = {name: self._cell(name, value) for name, value in says.items() if value}
        return Line(
            {**cells, "email": address(email, self.rng, self.fits), **other}, "", email, says
        )

    def bad(self, reason: str, **other: str) -> Line:
        """Return a row that would be good, was it not for these cells."""
        row = self.row(self.email("bad"), self.truth())
        return Line({**row.cells, **other}, reason)

    def _cell(self, name: str, value: Any) -> str:
        if name == "left_on":
            return day(value, self.rng)
        return moment(value, self.rng) if name == "pledged_at" else written(name, value, self.rng)


Story = Callable[[Teller], list[Line]]
"""Tells the rows about somebody, in the order in which they stand in the file."""


def once(tell: Teller) -> list[Line]:
    return [tell.row(tell.email(), tell.truth())]


def twice(tell: Teller) -> list[Line]:
    """The same again, written in another way."""
    email, truth = tell.email(), tell.truth()
    return [tell.row(email, truth) for _ in range(tell.rng.choice((2, 2, 3)))]


def by_and_by(tell: Teller) -> list[Line]:
    """Bit by bit: later rows fill the gaps of earlier ones, and contradict in vain."""
    email, rows = tell.email(), []
    for _ in range(tell.rng.randint(2, 4)):
        truth = tell.truth()
        kept = [n for n in truth if n == "pledged_at" or tell.rng.random() < 0.5]
        rows.append(tell.row(email, {name: truth[name] for name in kept}))
    return rows


def tagged(tell: Teller) -> list[Line]:
    """Three people: plus-tags and dots are part of an address."""
    marks = ("", "+wres", ".x")
    base = tell.email("{}")
    return [tell.row(base.format(mark), tell.truth()) for mark in marks]


def mended(tell: Teller) -> list[Line]:
    """The first row is refused, the next one about the same person is good."""
    email, truth = tell.email(), tell.truth()
    bad = tell.row(email, truth, sector=tell.pick(UNKNOWN["sector"]))
    return [Line(bad.cells, "sector not recognised"), tell.row(email, truth)]


def leaver(tell: Teller) -> list[Line]:
    """Left: told at once, or in a later row."""
    email, truth = tell.email(), tell.truth()
    left = datetime(2024, 1, 1, tzinfo=LONDON) + timedelta(days=tell.rng.randrange(600))
    first = truth if tell.rng.random() < 0.5 else {**truth, "left_on": left}
    return [tell.row(email, first), tell.row(email, {**truth, "left_on": left})]


def oddly_named(tell: Teller) -> list[Line]:
    """Names that attack whatever prints them, or are only strange: kept, and inert."""
    name = tell.pick(tuple(_SAID))
    truth = {**tell.truth(), "first_name": _SAID[name]}
    return [tell.row(tell.email(), truth, first_name=name)]


def badly_addressed(tell: Teller) -> list[Line]:
    reasons = {why: [t for t in texts if tell.fits(t)] for why, texts in BAD_ADDRESSES.items()}
    reason = tell.rng.choice([why for why, texts in reasons.items() if texts])
    text = tell.rng.choice(reasons[reason])
    return [tell.bad(reason, email=text.replace("{0}", f"p{tell.number}"))]


def unknown_values(tell: Teller) -> list[Line]:
    words = {"ics_area": "area not recognised", "ods_code": "ODS code is not valid"}
    words["left_on"] = "leaving date is not a date"
    name = tell.rng.choice(sorted(UNKNOWN))
    reason = words.get(name, f"{name} not recognised")
    return [tell.bad(reason, **{name: tell.pick(UNKNOWN[name])})]


def too_long(tell: Teller) -> list[Line]:
    name = tell.rng.choice(("first_name", "last_name", "job_role", "organisation_name"))
    return [tell.bad(f"{name.replace('_', ' ')} is too long", **{name: tell.pick(_LONG)})]


def ragged(tell: Teller) -> list[Line]:
    """A cell too many: the comma was outside the quotation marks."""
    return [Line(tell.bad("").cells, "more cells than headings", extra="Hill Road")]


def badly_dated(tell: Teller) -> list[Line]:
    """A pledge with no usable date; in a list of contacts, an ordinary row."""
    if not tell.pledges:
        return once(tell)
    reason = tell.rng.choice(sorted(FAULTY_DATES))
    return [tell.bad(reason, pledged_at=tell.rng.choice(FAULTY_DATES[reason]))]


STORIES: Mapping[Story, int] = {
    once: 50,
    twice: 10,
    by_and_by: 8,
    tagged: 3,
    mended: 3,
    leaver: 4,
    oddly_named: 5,
    badly_addressed: 8,
    unknown_values: 4,
    too_long: 1,
    ragged: 2,
    badly_dated: 2,
}
"""Story -> how often it is told."""
