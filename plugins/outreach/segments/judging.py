"""Whether the values in a rule exist: fixed lists, and the names of editions and campaigns."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from outreach.segments.tokens import Problem, Token
from outreach.segments.vocabulary import FIELDS, Vocabulary
from outreach.wording import suggest

_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_FORMS = {
    "campaign": re.compile(_SLUG),
    "edition": re.compile(rf"{_SLUG}@[A-Za-z0-9][A-Za-z0-9._:+-]{{0,63}}"),
}
_WHERE = {"subscriber_types": "the types of subscriber"}


class Judge:
    """Notes every value that does not exist in `problems`, and spells the others as they are."""

    def __init__(self, known: Vocabulary) -> None:
        self.known = known
        self.problems: list[Problem] = []

    def value(self, name: str, token: Token) -> str:
        """Return a field's value as its fixed list spells it; free text as it is."""
        choices = FIELDS[name].choices
        right = self.known.of_choice(choices)
        if right is None:
            return token.value
        spelt = {one.casefold(): one for one in right}
        if token.value.casefold() in spelt:
            return spelt[token.value.casefold()]
        where = _WHERE.get(choices, f"the {choices} in hub.yaml")
        self._note(token, f"“{token.value}” is not among {where}{suggest(token.value, right)}")
        return token.value

    def named(self, fact: str, kind: str, token: Token) -> str:
        """Return the name of an edition or a campaign."""
        said = name_problem(fact, kind, token.value, self.known)
        if said:
            self._note(token, said)
        return token.value

    def _note(self, token: Token, message: str) -> None:
        self.problems.append(Problem(token.at, token.length, message))


def name_problem(fact: str, kind: str, name: str, known: Vocabulary) -> str:
    """Return what is wrong with the name of an edition or campaign, or ''."""
    if not _FORMS[kind].fullmatch(name):
        return _malformed(fact, kind, name)
    there = known.editions if kind == "edition" else known.campaigns
    if there is None or name in there:
        return ""
    return f"there is no {kind} called “{name}”{_near(name, there)}"


def _malformed(fact: str, kind: str, name: str) -> str:
    if kind == "campaign":
        slug = name.partition("@")[0]
        advice = f'; its campaign is "{slug}"' if "@" in name else ""
        return f"“{name}” is no campaign’s name: small letters, digits and hyphens{advice}"
    if fact == "got" and "@" not in name:
        return f'“{name}” is no edition; write got campaign "{name}", or its date too: "{name}@..."'
    return f"“{name}” is no edition’s name; write it as “what-is-wres@2026-11-24”"


def _near(name: str, there: Collection[str]) -> str:
    """Suggest one name; there may be thousands, which nobody wants listed."""
    near = get_close_matches(name, list(there), n=1, cutoff=0.6)
    return f"; did you mean “{near[0]}”?" if near else ""
