"""Tree -> text that reads as the same tree, and tree -> words for people."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.segments.tree import (
    And,
    Contains,
    Everyone,
    Expression,
    Happened,
    Is,
    Known,
    Not,
    Or,
    parts_of,
)
from outreach.segments.vocabulary import FACTS, FIELDS


def as_text(rule: Expression) -> str:
    """Return the rule as it is written in a campaign's file."""
    if isinstance(rule, And | Or):
        word = " and " if isinstance(rule, And) else " or "
        return word.join(_within(one) for one in rule.parts)
    if isinstance(rule, Not):
        return _denied_text(rule.inner)
    return _test_text(rule, holds=True)


def _within(rule: Expression) -> str:
    return f"({as_text(rule)})" if isinstance(rule, And | Or) else as_text(rule)


def _denied_text(inner: Expression) -> str:
    if isinstance(inner, Is | Contains | Known):
        return _test_text(inner, holds=False)
    return f"not {_within(inner)}"


def _test_text(rule: Expression, *, holds: bool) -> str:
    if isinstance(rule, Is):
        if len(rule.values) == 1:
            return f"{_called(rule.name)} is{'' if holds else ' not'} {_quoted(rule.values[0])}"
        listed = ", ".join(map(_quoted, rule.values))
        return f"{_called(rule.name)}{'' if holds else ' not'} in ({listed})"
    if isinstance(rule, Contains):
        word = "contains" if holds else "does not contain"
        return f"{_called(rule.name)} {word} {_quoted(rule.part)}"
    if isinstance(rule, Known):
        return f"{_called(rule.name)} is{'' if holds else ' not'} known"
    if isinstance(rule, Happened):
        of = f" {_quoted(rule.of)}" if rule.of else ""
        return FACTS[rule.name].phrases[0] + of + _window_text(rule)
    return "everyone"


def _called(name: str) -> str:
    return FIELDS[name].phrases[0]


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _window_text(rule: Happened) -> str:
    if rule.since:
        return f" since {rule.since.isoformat()}"
    return f" in the last {_days(rule.days)}" if rule.days else ""


def _days(days: int) -> str:
    return f"{days} day" + ("" if days == 1 else "s")


def as_words(rule: Expression) -> str:
    """Return the rule as people say it; what must all hold stands between semicolons."""
    parts = parts_of(rule)
    if isinstance(rule, Or):
        return "; or ".join(_phrase(one) for one in rule.parts)
    return "; ".join(_phrase(one) for one in parts) or "everyone"


def why_not(rule: Expression) -> str:
    """Return what is so of somebody for whom the rule does not hold, in short words."""
    if isinstance(rule, Is):
        return _called(rule.name)
    return _phrase(rule.inner if isinstance(rule, Not) else Not(rule))


def _phrase(rule: Expression) -> str:
    if isinstance(rule, And):
        return f"({' and '.join(_phrase(one) for one in rule.parts)})"
    if isinstance(rule, Or):
        return f"({' or '.join(_phrase(one) for one in rule.parts)})"
    if isinstance(rule, Not):
        return _denied(rule.inner)
    return _said(rule, holds=True)


def _denied(inner: Expression) -> str:
    if isinstance(inner, Not):
        return _phrase(inner.inner)
    if isinstance(inner, And | Or):
        return f"not {_phrase(inner)}"
    return _said(inner, holds=False)


def _said(rule: Expression, *, holds: bool) -> str:
    if isinstance(rule, Is):
        return f"{rule.name} is {_one_of(rule.values, holds=holds)}"
    if isinstance(rule, Contains):
        word = "contains" if holds else "does not contain"
        return f"{rule.name} {word} “{rule.part}”"
    if isinstance(rule, Known):
        return f"{rule.name} is {'known' if holds else 'not known'}"
    if isinstance(rule, Happened):
        fact = FACTS[rule.name]
        return (fact.yes if holds else fact.no).format(of=rule.of, when=_window_words(rule))
    return "everyone" if isinstance(rule, Everyone) and holds else "nobody"


def _one_of(values: Sequence[str], *, holds: bool) -> str:
    if len(values) == 1:
        return values[0] if holds else f"not {values[0]}"
    listed = f"{', '.join(values[:-1])} or {values[-1]}"
    return listed if holds else f"none of {listed}"


def _window_words(rule: Happened) -> str:
    if rule.since:
        return f" since {rule.since.day} {rule.since:%B %Y}"
    return f" in the last {_days(rule.days)}" if rule.days else ""
