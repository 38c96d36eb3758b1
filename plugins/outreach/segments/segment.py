"""A segment: whom a campaign selects, as one tree however it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from outreach.errors import Refused
from outreach.segments.text import as_text, as_words
from outreach.segments.tree import (
    EVERYONE,
    Expression,
    Happened,
    Is,
    Not,
    asks_for,
    both,
    leaves,
    parts_of,
    rules_out,
)
from outreach.segments.vocabulary import FACTS, FIELDS

PLEDGED = "pledged"


@dataclass(frozen=True, slots=True)
class Segment:
    """Whom a campaign selects; without a rule, everyone."""

    rule: Expression = EVERYONE

    def asks_about(self, campaign: str) -> bool:
        """Whether it depends on what somebody had of this campaign."""
        return any(isinstance(one, Happened) and one.of == campaign for one in leaves(self.rule))

    @classmethod
    def of(
        cls,
        *,
        sectors: Sequence[str] = (),
        ics_areas: Sequence[str] = (),
        boroughs: Sequence[str] = (),
        job_roles: Sequence[str] = (),
        pledged: bool | None = None,
        pledged_within_days: int | None = None,
        rule: Expression = EVERYONE,
    ) -> Segment:
        """Return the segment of rules that must all hold; an empty one, or None, sets none."""
        listed = {"sector": sectors, "area": ics_areas, "borough": boroughs, "role": job_roles}
        tests: list[Expression] = [
            Is(name, tuple(dict.fromkeys(" ".join(one.split()) for one in wanted)))
            for name, wanted in listed.items()
            if wanted
        ]
        if pledged is not None:
            fact = Happened(PLEDGED)
            tests.append(fact if pledged else Not(fact))
        if pledged_within_days is not None:
            tests.append(Happened(PLEDGED, days=pledged_within_days))
        return cls(both(*tests, rule))

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The rules that must all hold."""
        return parts_of(self.rule)

    @property
    def about_sends(self) -> str:
        """The text of the rules whose answer another edition may change by being sent, or ''."""
        asking = both(*(one for one in self.parts if any(map(_is_send, leaves(one)))))
        return "" if asking == EVERYONE else as_text(asking)

    @property
    def wants_pledge(self) -> bool:
        """Whether only people with a pledge can be selected."""
        return asks_for(self.rule, PLEDGED)

    @property
    def wants_no_pledge(self) -> bool:
        """Whether only people without a pledge can be selected."""
        return rules_out(self.rule, PLEDGED)

    def narrowed(self, other: Segment) -> Segment:
        """Return the segment of those whom both select: nobody can be added.

        Raises Refused where it is plain from the rules that nobody could be left.
        """
        merged: dict[object, Expression] = {}
        for one in (*self.parts, *other.parts):
            place: object = one.name if _one_of_a_list(one) else one
            had = merged.get(place)
            merged[place] = _common(had, one) if isinstance(had, Is) else one
            if _opposite(one) in merged:
                raise Refused("the campaign's rule is the opposite of the narrower one")
        return Segment(both(*merged.values()))

    def text(self) -> str:
        """Return the rule as it can be written in a campaign's file."""
        return as_text(self.rule)

    def described(self) -> str:
        """Return the rule in words, for people and for the edition's record."""
        return as_words(self.rule)


def _is_send(rule: Expression) -> bool:
    return isinstance(rule, Happened) and bool(FACTS[rule.name].states)


def _one_of_a_list(rule: Expression) -> TypeGuard[Is]:
    """Whether somebody has one value of what is asked, so that two lists have their overlap."""
    return isinstance(rule, Is) and bool(FIELDS[rule.name].choices)


def _common(had: Is, wanted: Expression) -> Expression:
    if not isinstance(wanted, Is) or wanted == had:
        return had
    kept = tuple(one for one in wanted.values if one in had.values)
    if not kept:
        listed = ", ".join(wanted.values)
        raise Refused(f"the campaign's {had.name} rule leaves nobody of {listed}")
    return Is(had.name, kept)


def _opposite(rule: Expression) -> Expression:
    return rule.inner if isinstance(rule, Not) else Not(rule)
