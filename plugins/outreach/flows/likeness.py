"""Which organisation a name and postcode mean: pure judgement over the register.

Certain only where the postcode agrees and nothing else there is about as alike. Whatever is
merely likely is left to a person, with its candidates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from outreach.ledger.organisation_names import core, line_of_business

MATCHED, DOUBTFUL, UNKNOWN = "matched", "doubtful", "unknown"

SURE = 90
"""Likeness (0 to 100) that is enough where the postcode is the same..."""
AHEAD = 8
"""...and the next one there is at least so much less alike."""
NEAR, FAR = 70, 84
"""Likeness from which an organisation is a candidate: at the same postcode, and elsewhere."""
MOST_CANDIDATES = 5
_MOST_COMPARED = 400
"""Names compared of one shared beginning: a word that half the register shares tells nothing."""

_DIFFERENT = 80
"""The most that names can be alike that differ in a number or a point of the compass."""
_TELLING = re.compile(r"\d+|north|south|east|west|upper|lower|old|new")


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation as names are matched with it; `postcode` without spaces."""

    id: int
    name_key: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a name means. `candidates` are (organisation id, likeness), the likeliest first."""

    state: str
    organisation_id: int | None = None
    candidates: tuple[tuple[int, int], ...] = ()


class Register:
    """Every open organisation, so arranged that a name meets only those that may be it."""

    def __init__(self, organisations: Iterable[Listed]) -> None:
        self._by_postcode: dict[str, list[Listed]] = defaultdict(list)
        self._by_key: dict[str, list[Listed]] = defaultdict(list)
        self._by_start: dict[str, list[Listed]] = defaultdict(list)
        self._cores: dict[str, list[str]] = {}
        self._far: dict[str, list[tuple[int, int]]] = {}
        for one in organisations:
            if one.postcode:
                self._by_postcode[one.postcode].append(one)
            self._by_key[one.name_key].append(one)
            for start in _starts(one.name_key):
                self._by_start[start].append(one)

    def judge(self, name_key: str, postcode: str) -> Judgement:
        """Return which organisation this is, or which it may be."""
        here = self._by_postcode.get(postcode, []) if postcode else []
        exact = [one for one in here if one.name_key == name_key]
        if len(exact) == 1:
            return Judgement(MATCHED, exact[0].id, ((exact[0].id, 100),))
        near = _scored(name_key, here, NEAR)
        if near and near[0][1] >= SURE and (len(near) == 1 or near[0][1] - near[1][1] >= AHEAD):
            return Judgement(MATCHED, near[0][0], tuple(near[:MOST_CANDIDATES]))
        if name_key not in self._far:
            self._far[name_key] = _scored(name_key, self._elsewhere(name_key), FAR)
        found = dict(self._far[name_key]) | dict(near)
        ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_CANDIDATES]
        return Judgement(DOUBTFUL, None, tuple(ranked)) if ranked else Judgement(UNKNOWN)

    def _elsewhere(self, name_key: str) -> list[Listed]:
        starts = [start for start in _starts(name_key) if start in self._by_start]
        rarest = sorted(starts, key=lambda start: (len(self._by_start[start]), start))[:2]
        found = {one.id: one for start in rarest for one in self._telling_alike(name_key, start)}
        # A common name is listed among the first of its spelling, however many share its words.
        found |= {one.id: one for one in self._by_key.get(name_key, [])[:_MOST_COMPARED]}
        return list(found.values())

    def _telling_alike(self, name_key: str, start: str) -> list[Listed]:
        """Return those of one beginning that can be candidates at all: few of hundreds.

        Where what tells a name apart is less alike than NEAR, no likeness reaches NEAR.
        """
        group = self._by_start[start][:_MOST_COMPARED]
        if start not in self._cores:
            self._cores[start] = [core(one.name_key) for one in group]
        found = process.extract(
            core(name_key), self._cores[start], scorer=fuzz.ratio, score_cutoff=NEAR, limit=None
        )
        return [group[place] for _, _, place in found]


def likeness(said: str, listed: str) -> int:
    """Return how alike two names' keys are, 0 to 100; 0 where they are different trades."""
    if said == listed:
        return 100
    trades = line_of_business(said), line_of_business(listed)
    if all(trades) and trades[0] != trades[1]:
        return 0
    mine, theirs = core(said), core(listed)
    whole = fuzz.token_sort_ratio(said, listed)
    telling = fuzz.ratio(mine, theirs)
    # The words for what it is may differ (surgery, medical centre), or be left out.
    alike = round(max(whole if telling >= NEAR else 0, telling * 0.96))
    if _numbers_and_points(mine) != _numbers_and_points(theirs):
        return min(alike, _DIFFERENT)
    return alike


@lru_cache(maxsize=65_536)
def _numbers_and_points(telling: str) -> frozenset[str]:
    return frozenset(_TELLING.findall(telling))


def _scored(name_key: str, some: Sequence[Listed], least: int) -> list[tuple[int, int]]:
    pairs = [(one.id, likeness(name_key, one.name_key)) for one in some]
    return sorted((p for p in pairs if p[1] >= least), key=lambda pair: (-pair[1], pair[0]))


def _starts(name_key: str) -> set[str]:
    return {word[:3] for word in core(name_key).split()}
