"""The tree that a segment's rule is: read from text, printed, put in words, turned into SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Everyone:
    """Holds for every contact."""


@dataclass(frozen=True, slots=True)
class Is:
    """The field `name` is one of `values`, whatever their capitals."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """The field `name` has `part` in it, whatever its capitals."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Known:
    """The field `name` is not empty."""

    name: str


@dataclass(frozen=True, slots=True)
class Happened:
    """The fact `name` holds: about `of` (an edition or a campaign), within a time if one is set.

    `days`: in the last so many days. `since`: from that day in London on.
    """

    name: str
    of: str = ""
    days: int | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where `inner` does not."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class And:
    """Every one of `parts` holds; two or more, none of them an `And`. Made by `both`."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `parts` holds; two or more, none of them an `Or`. Made by `either`."""

    parts: tuple[Expression, ...]


Expression = Everyone | Is | Contains | Known | Happened | Not | And | Or

EVERYONE = Everyone()


def both(*given: Expression) -> Expression:
    """Return what holds where all of `given` do; nothing given holds for everyone."""
    parts: list[Expression] = []
    for one in given:
        parts += one.parts if isinstance(one, And) else (one,)
    kept = tuple(one for one in dict.fromkeys(parts) if one != EVERYONE)
    if len(kept) > 1:
        return And(kept)
    return kept[0] if kept else EVERYONE


def either(*given: Expression) -> Expression:
    """Return what holds where any of `given` (at least one) does."""
    parts: list[Expression] = []
    for one in given:
        parts += one.parts if isinstance(one, Or) else (one,)
    kept = tuple(dict.fromkeys(parts))
    if EVERYONE in kept:
        return EVERYONE
    return Or(kept) if len(kept) > 1 else kept[0]


def parts_of(rule: Expression) -> tuple[Expression, ...]:
    """Return the rules that must all hold; none for everyone."""
    if isinstance(rule, And):
        return rule.parts
    return () if rule == EVERYONE else (rule,)


def leaves(rule: Expression) -> Iterator[Expression]:
    """Yield every test in a tree, from left to right."""
    if isinstance(rule, Not):
        yield from leaves(rule.inner)
    elif isinstance(rule, And | Or):
        for one in rule.parts:
            yield from leaves(one)
    else:
        yield rule


def asks_for(rule: Expression, fact: str) -> bool:
    """Whether the rule can hold only where `fact` does, at whatever time."""
    if isinstance(rule, And):
        return any(asks_for(one, fact) for one in rule.parts)
    if isinstance(rule, Or):
        return all(asks_for(one, fact) for one in rule.parts)
    return isinstance(rule, Happened) and rule.name == fact


def rules_out(rule: Expression, fact: str) -> bool:
    """Whether the rule can hold only where `fact` never did."""
    if isinstance(rule, And):
        return any(rules_out(one, fact) for one in rule.parts)
    if isinstance(rule, Or):
        return all(rules_out(one, fact) for one in rule.parts)
    return rule == Not(Happened(fact))
