"""How old a reader must be to read the copy with ease."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.lists import words
from outreach.checks.sample import Finding, Rendered

AIM, TOO_HIGH = 11, 14
"""Reading ages, in years: what to stay under, and what nobody should be asked to read."""

_SCHOOL_BEGINS = 5
_FEW = 40
"""Words below which an index of reading ages means nothing."""

_NAME = " name "
_ADDRESSES = re.compile(r"\(?(?:https?://|mailto:)\S*")
_ENDS = re.compile(r"(?<=[.!?;:])[\"”’)]*\s+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def reading_age(text: str) -> float:
    """Return the reading age of a text in years: the Automated Readability Index, plus five.

    Every line ends a sentence. Numbers and names that readers know count as short words.
    Returns 0.0 for a text with too few words to say.
    """
    plain = words().names.sub(_NAME, _ADDRESSES.sub(" ", text))
    found = [_WORD.findall(part) for line in plain.split("\n") for part in _ENDS.split(line)]
    sentences = [one for one in found if one]
    every = [word for one in sentences for word in one]
    if len(every) < _FEW:
        return 0.0
    letters = sum(len(word) if not word[0].isdigit() else 2 for word in every)
    index = 4.71 * letters / len(every) + 0.5 * len(every) / len(sentences) - 21.43
    return max(index, 0.0) + _SCHOOL_BEGINS


def check_reading_age(rendered: Rendered) -> Iterator[Finding]:
    """Judge the copy, without the layout's foot."""
    age = reading_age(rendered.copy)
    if age <= AIM:
        return
    near, words_in = _longest_sentence(rendered.copy)
    said = f"the copy has a reading age of {age:.0f}; aim for 9 to {AIM}. Shorten sentences first"
    said += f": the longest has {words_in} words" if words_in > 20 else ", then long words"
    yield Finding("reading-age-high" if age > TOO_HIGH else "reading-age", said, (near,))


def _longest_sentence(text: str) -> tuple[str, int]:
    parts = [part for line in text.split("\n") for part in _ENDS.split(_ADDRESSES.sub(" ", line))]
    longest = max(parts, key=lambda part: len(_WORD.findall(part)), default="")
    return longest.strip(), len(_WORD.findall(longest))
