"""An employer's name, code and postcode: one word, as a new name does not fit an old code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WORKPLACE = ("organisation_name", "ods_code", "organisation_postcode")

_NAMING = frozenset(WORKPLACE[:2])


def workplace(words: Mapping[str, str]) -> dict[str, str]:
    """Return what words say of the employer, without what they leave empty."""
    return {name: text for name in WORKPLACE if (text := words.get(name))}


def names_one(words: Mapping[str, str]) -> bool:
    """Whether words tell which employer it is; a postcode alone does not."""
    return any(words.get(name) for name in _NAMING)


def without_workplace(words: Mapping[str, str]) -> dict[str, str]:
    """Return words without those about the employer."""
    return {name: text for name, text in words.items() if name not in WORKPLACE}


def fuller(first: Mapping[str, str], later: Mapping[str, str]) -> dict[str, str]:
    """Return the workplace that two rows of one file tell of.

    The later row fills gaps, unless the two contradict each other. Then the first one counts
    that tells which employer it is.
    """
    mine, theirs = workplace(first), workplace(later)
    if all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys()):
        return theirs | mine
    return theirs if names_one(theirs) and not names_one(mine) else mine


def moved(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a source says now that somebody works elsewhere than it said before."""
    return any(new.get(name) and new[name] != old.get(name) for name in WORKPLACE)


def foremost(ranked: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the workplace that counts among several sources' words, the foremost first.

    It is the whole word of the first source that tells which employer it is; where none does,
    of the first that gives a postcode.
    """
    located: dict[str, str] = {}
    for words in ranked:
        said = workplace(words)
        if names_one(said):
            return said
        located = located or said
    return located
