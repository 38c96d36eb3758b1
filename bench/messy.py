"""Messy lists of made-up people, of any size, and what an import must make of each.

The truth is known by construction: each row is written from what it means. A list is a stream,
the same for the same seed: a million rows take no more memory than a thousand.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.messy_forms import Fits
from bench.messy_people import COLUMNS, STORIES, TEXTS, Line, Teller

HEADINGS: tuple[Mapping[str, str], ...] = (
    {name: name.replace("_", " ").capitalize() for name in COLUMNS},
    {
        "email": "E-mail_Address",
        "first_name": "FORENAME",
        "last_name": " Surname",
        "job_role": "Job-Title",
        "sector": "Contractor group",
        "ics_area": "ICB",
        "borough": "London  Borough",
        "organisation_name": "Practice_Name",
        "ods_code": "ODS",
        "left_on": "leaver-date",
        "pledged_at": "Date of pledge",
    },
    {
        "email": "What is your work email address? (we write to no other)",
        "first_name": "First name",
        "last_name": "Last name",
        "job_role": "What is your job role?",
        "sector": "Which sector do you work in?",
        "ics_area": "Which ICS area are you in?",
        "borough": "Which borough do you work in?",
        "organisation_name": "What is the name of your organisation?",
        "ods_code": "ODS code of your organisation",
        "left_on": "Leaving date",
        "pledged_at": "Completion time",
    },
)
"""Ways to head the columns: a plain list, an old tool's export, a form."""

_REACH = 900
"""Rows about one person stand so far apart: further than one chunk of an import."""
_AGAIN = 40
"""Of so many people, one stands in the list once more at its very end."""


@dataclass(slots=True)
class Truth:
    """What an import of the list into an empty ledger must come to.

    `rows` leaves out blank ones. `people` holds, for one of `every` people told of, each field
    after merging; `values` counts people by their value of the fields with a fixed list.
    """

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    new_pledges: int = 0
    left: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=lambda: {n: Counter() for n in _LISTED})
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        """Rows refused, for whatever reason."""
        return self.reasons.total()


_LISTED = ("sector", "ics_area", "borough")


@dataclass(frozen=True, slots=True)
class Messy:
    """A list of so many rows. `fits` says which texts its file can hold."""

    rows: int
    seed: int = 1
    pledges: bool = False
    fits: Fits = lambda _: True
    every: int = 1

    def headings(self) -> tuple[str, ...]:
        """Return the headings, in the order of the cells."""
        chosen = HEADINGS[self.seed % len(HEADINGS)]
        return tuple(chosen[name] for name in self._columns())

    def table(self, truth: Truth | None = None, *, mix: int = 0) -> Iterator[tuple[str, ...]]:
        """Yield the rows below the headings; `truth` is filled meanwhile.

        Another `mix` puts the same rows in another order, those about one person in the same.
        """
        columns = self._columns()
        for line in self._mixed(truth or Truth(), mix):
            if line is None:
                yield ("",) * len(columns)
                continue
            cells = tuple(line.cells.get(name, "") for name in columns)
            yield (*cells, line.extra) if line.extra else cells

    def _columns(self) -> tuple[str, ...]:
        wanted = COLUMNS if self.pledges else COLUMNS[:-1]
        return tuple(random.Random(f"{self.seed} columns").sample(wanted, len(wanted)))

    def _mixed(self, truth: Truth, mix: int) -> Iterator[Line | None]:
        """Scatter the rows of each person among those of others, in their own order."""
        rng = random.Random(f"{self.seed} {mix}")
        heap: list[tuple[int, int, Line]] = []
        order = itertools.count()
        again: list[int] = []
        count = number = 0
        while count < self.rows:
            number += 1
            lines = self._told(number)[: self.rows - count]
            places = sorted(count + rng.randrange(_REACH) for _ in lines)
            for place, line in zip(places, lines, strict=True):
                heapq.heappush(heap, (place, next(order), line))
            if number % _AGAIN == 0 and lines[0].email and count + len(lines) < self.rows:
                again.append(number)
                lines.append(lines[0])
            count += len(lines)
            _account(truth, lines, number % self.every == 0)
            while heap and heap[0][0] < count:
                yield from _with_blanks(heapq.heappop(heap)[2], rng)
        while heap:
            yield heapq.heappop(heap)[2]
        for number in again:
            yield self._told(number)[0]

    def _told(self, number: int) -> list[Line]:
        rng = random.Random(f"{self.seed} {number}")
        (story,) = rng.choices([*STORIES], [*STORIES.values()])
        return story(Teller(rng, number, self.fits, self.pledges))


def _with_blanks(line: Line, rng: random.Random) -> Iterator[Line | None]:
    yield line
    if rng.random() < 0.01:
        yield None


def _account(truth: Truth, lines: list[Line], keep: bool) -> None:
    """Add what these rows come to: the first good one tells, later ones fill gaps."""
    people: dict[str, dict[str, Any]] = {}
    pledges: dict[str, set[Any]] = {}
    for line in lines:
        truth.rows += 1
        if line.reason:
            truth.reasons[line.reason] += 1
            continue
        told = {name: value for name, value in line.says.items() if value}
        pledged_at = told.pop("pledged_at", None)
        pledged = pledges.setdefault(line.email, set())
        new_pledge = pledged_at is not None and pledged_at not in pledged
        if new_pledge:
            pledged.add(pledged_at)
            truth.new_pledges += 1
        known = people.get(line.email)
        if known is None:
            people[line.email] = {**dict.fromkeys(TEXTS, ""), "left_on": None, **told}
            truth.created += 1
            continue
        gaps = {name: value for name, value in told.items() if not known[name]}
        known.update(gaps)
        if gaps or new_pledge:
            truth.changed += 1
        else:
            truth.unchanged += 1
    for email, person in people.items():
        truth.left += person["left_on"] is not None
        for name in _LISTED:
            truth.values[name][person[name]] += 1
        if keep:
            truth.people[email] = {**person, "pledges": sorted(pledges[email])}
