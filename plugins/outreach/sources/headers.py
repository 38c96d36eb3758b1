"""What a column's heading means: ignoring case, spaces, `_` and `-`, and questions' wording."""

from __future__ import annotations

import re
import unicodedata

from outreach.sources.aliases import ALIASES

_PARENTHESES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LEAD = re.compile(
    r"^(?:please )?(?:(?:enter|give|provide|state|tell us|type|write|select|choose|confirm|add) )?"
    r"(?:(?:us|in) )?(?:(?:what|which|whats|what s) )?(?:of (?:these|the following) )?"
    r"(?:(?:is|are) )?(?:(?:the|your|my|a) )*"
)
_TAIL = re.compile(
    r"(?: (?:do|does|did|are|is|will) (?:you|your (?:organi[sz]ation|practice|employer)))?"
    r"(?: (?:currently|mainly|mostly|primarily))?"
    r"(?: (?:work|working|based|located|belong|part|employed|practise|hold|represent))?"
    r"(?: (?:in|at|for|to|of|under|from))?$"
)

_OR = re.compile(r"\s*/\s*| or ", re.IGNORECASE)
_WHO_PLEDGES = re.compile(
    r"(?=.*\b(?:pledg|sign|commit))"
    r"(?=.*\b(?:individual|person|yourself|myself|organi[sz]ation|employer)\b)"
    r"(?:are you|i am|im|is this|who is|pledging|signing)\b|(?:who is|i am) making this pledge|"
    r"i am (?:pledging|signing)(?: as)?$|(?:individual|person) or organi[sz]ation$"
)
"""A question whether a person or an organisation pledges; which it is, its answers say."""

_FORMS = frozenset({"start time", "completion time"})


def without_notes(heading: str) -> str:
    """Return a heading without what stands in brackets, such as an example."""
    return _PARENTHESES.sub(" ", heading)


def words(heading: str) -> str:
    """Return a heading as plain lower-case words: `E-mail_Address ` is `e mail address`."""
    text = unicodedata.normalize("NFKC", heading).casefold().replace("'", "").replace("’", "")
    return _NOT_WORD.sub(" ", without_notes(text)).strip()


def squeezed(heading: str) -> str:
    """Return a heading's letters and digits alone, to compare without word breaks."""
    return words(heading).replace(" ", "")


def meaning(heading: str, fields: tuple[str, ...]) -> str:
    """Return which of `fields` a heading means, '' where it means none for certain."""
    found = _meaning(words(heading), fields)
    if found or not _OR.search(heading):
        return found
    # "Job title / role": two words for one thing. Two things are not certain.
    meant = {_meaning(words(part), fields) for part in _OR.split(without_notes(heading))}
    return meant.pop() if len(meant) == 1 else ""


def _meaning(plain: str, fields: tuple[str, ...]) -> str:
    asked = _TAIL.sub("", _LEAD.sub("", plain, count=1), count=1).strip()
    for text in (plain, asked, _TAIL.sub("", plain, count=1), _LEAD.sub("", plain, count=1)):
        for name in fields:
            if text and text.replace(" ", "") in _SQUEEZED[name]:
                return name
    return "pledge_kind" if "pledge_kind" in fields and _WHO_PLEDGES.match(plain) else ""


def form_metadata(headings: list[str]) -> frozenset[str]:
    """Return the headings that Microsoft Forms fills by itself, where this is its export.

    A question that asks for the same thing is worth more than they are.
    """
    plain = [words(heading) for heading in headings]
    return frozenset({"email", "name"}) if frozenset(plain) >= _FORMS else frozenset()


def without_counter(heading: str) -> str:
    """Return `Email` for `Email2`: how Excel tells two columns of one heading apart."""
    return re.sub(r"(?<=[A-Za-z?])[2-9]$", "", heading.strip())


_SQUEEZED = {
    name: frozenset({name.replace("_", ""), *(alias.replace(" ", "") for alias in aliases)})
    for name, aliases in ALIASES.items()
}
