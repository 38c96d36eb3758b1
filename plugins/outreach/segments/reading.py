"""Text -> a judged tree, or every problem with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outreach.errors import Fault, InputError
from outreach.segments.judging import Judge, name_problem
from outreach.segments.parser import Parser
from outreach.segments.tokens import LONGEST, Problem, Unreadable, tokens
from outreach.segments.tree import Expression, Happened, leaves
from outreach.segments.vocabulary import ANYTHING, FACTS, Vocabulary


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `rule` is None where its form is wrong; it stands only without problems."""

    rule: Expression | None
    problems: tuple[Problem, ...]


def read(text: str, known: Vocabulary = ANYTHING) -> Reading:
    """Read a rule and judge its values by what is `known`."""
    judge = Judge(known)
    try:
        rule = Parser(tokens(text), judge).rule()
    except Unreadable as error:
        return Reading(None, (*judge.problems, error.problem))
    return Reading(rule, tuple(judge.problems))


def parse(text: str, known: Vocabulary = ANYTHING) -> Expression:
    """Return the tree of a rule. Raises InputError with every problem and its column (from 1)."""
    found = read(text, known)
    if found.problems or found.rule is None:
        faults = (Fault(one.message, column=str(one.at + 1)) for one in found.problems)
        raise InputError(*faults)
    return found.rule


def reread(text: str) -> Expression:
    """Return the tree of a rule that this package printed.

    It may be longer than one that a person writes: of two rules that were joined, or of words
    that were short as written.
    """
    return Parser(tokens(text, 10 * LONGEST), Judge(ANYTHING), times=10).rule()


def unknown_names(rule: Expression, known: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield each edition or campaign that a rule names and that does not exist, and why not."""
    for one in leaves(rule):
        kind = FACTS[one.name].of if isinstance(one, Happened) else ""
        if isinstance(one, Happened) and kind:
            said = name_problem(one.name, kind, one.of, known)
            if said:
                yield one.of, said


def names_any(rule: Expression) -> bool:
    """Whether a rule names an edition or a campaign."""
    return any(isinstance(one, Happened) and one.of for one in leaves(rule))
