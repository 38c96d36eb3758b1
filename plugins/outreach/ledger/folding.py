"""Several rows of one file about one person, taken as one: the first wins, later ones fill gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outreach.ledger.sayings import BASIS, words_of
from outreach.ledger.workplaces import fuller, moved, without_workplace, workplace
from outreach.records import FACT_FIELDS, PERSON_FIELDS, Facts, PersonRow

Basis = tuple[str, str]
"""Kind and purpose."""


class Fold:
    """What the rows of one file say of one person, so far."""

    __slots__ = ("bases", "words")

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.bases: dict[Basis, Facts] = {}

    def take(self, row: PersonRow) -> bool:
        """Take in one row; return whether it told anything that no earlier row had."""
        words, facts = words_of(row), row[4]
        before = dict(self.words)
        mine = self.words
        if "basis" in mine:
            words = {name: text for name, text in words.items() if name not in BASIS}
        # Of consent to tracking a refusal counts, and of leaving dates the earliest.
        if words.get("tracking_consent") == "no":
            mine["tracking_consent"] = "no"
        if words.get("left_on", "9") < mine.get("left_on", "9"):
            mine["left_on"] = words["left_on"]
        employer = fuller(mine, words)
        for name, text in words.items():
            mine.setdefault(name, text)
        self.words = without_workplace(mine) | employer
        named = facts[2], facts[3]
        new = bool(facts[2]) and named not in self.bases
        if new:
            self.bases[named] = facts
        return new or self.words != before


def carried(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return what a source says now: its new words, and its old ones where it is silent."""
    kept = {k: v for k, v in old.items() if k not in BASIS} if "basis" in new else old
    both = {**kept, **new}
    return {**without_workplace(both), **workplace(new)} if moved(old, new) else both


def folded(rows: Sequence[PersonRow]) -> tuple[PersonRow, set[int], list[Facts]]:
    """Return rows as one, the numbers of later ones that told something, each further basis."""
    first = rows[0]
    if all(_adds_nothing(first, later) for later in rows[1:]):
        return first, set(), []
    fold = Fold()
    fold.take(first)
    told = {row[1] for row in rows[1:] if fold.take(row)}
    address_hash, number, email, _, _, pledge = first
    values = tuple(fold.words.get(name, "") for name in PERSON_FIELDS)
    facts: Facts = tuple(fold.words.get(name, "") for name in FACT_FIELDS)  # type: ignore[assignment]
    further = [found for named, found in fold.bases.items() if named != (facts[2], facts[3])]
    return (address_hash, number, email, values, facts, pledge), told, further


def _adds_nothing(first: PersonRow, later: PersonRow) -> bool:
    """Whether it shows at once that a later row fills no gap, as when a list repeats itself."""
    if later[4] != first[4]:
        return False
    return all(text or not more for text, more in zip(first[3], later[3], strict=True))
