"""The phrases that a rule is made of, each as its words, and which one stands at a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from outreach.segments.tokens import Token
from outreach.segments.vocabulary import FACTS, FIELDS

T = TypeVar("T")
Phrase = tuple[str, ...]

OPERATORS: dict[Phrase, tuple[str, bool]] = {
    ("is",): ("is", True),
    ("is", "not"): ("is", False),
    ("in",): ("in", True),
    ("is", "in"): ("in", True),
    ("is", "one", "of"): ("in", True),
    ("not", "in"): ("in", False),
    ("is", "not", "in"): ("in", False),
    ("is", "none", "of"): ("in", False),
    ("contains",): ("contains", True),
    ("does", "not", "contain"): ("contains", False),
    ("is", "known"): ("known", True),
    ("is", "not", "known"): ("known", False),
}
"""What may stand after a field: which comparison it is, and whether it is to hold."""

KEYWORDS = frozenset({"and", "or", "not"})
EVERYONE_PHRASE: Phrase = ("everyone",)
IN_THE_LAST: Phrase = ("in", "the", "last")
UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def fields() -> dict[Phrase, str]:
    """Return every phrase that means a field -> its name."""
    return {tuple(p.split()): name for name, one in FIELDS.items() for p in one.phrases}


def facts() -> dict[Phrase, tuple[str, bool]]:
    """Return every phrase that means a fact -> its name, and whether it is to hold."""
    found = {tuple(p.split()): (name, True) for name, one in FACTS.items() for p in one.phrases}
    denied = {tuple(p.split()): (name, False) for name, one in FACTS.items() for p in one.denials}
    return found | denied


def longest(
    tokens: Sequence[Token], place: int, phrases: Mapping[Phrase, T]
) -> tuple[T, int] | None:
    """Return what the longest phrase at `place` means, and how many tokens it takes.

    `job_role` is one token and two words.
    """
    words: list[str] = []
    found: tuple[T, int] | None = None
    most = max(map(len, phrases), default=0)
    for taken, token in enumerate(tokens[place : place + most], start=1):
        if token.kind != "word":
            break
        words += token.value.lower().replace("_", " ").split()
        if tuple(words) in phrases:
            found = phrases[tuple(words)], taken
    return found
