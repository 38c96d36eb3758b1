"""What a row says of a person, as a statement keeps it: field -> text, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from json.encoder import encode_basestring

from outreach.memo import Memo
from outreach.records import FACT_FIELDS, PERSON_FIELDS, Facts, PersonRow

BASIS = FACT_FIELDS[2:]
"""Those that say one thing together."""

_WORDS = (*PERSON_FIELDS, *FACT_FIELDS)


def words_of(row: PersonRow) -> dict[str, str]:
    """Return what a row says, without what it leaves empty."""
    _, _, _, values, facts, _ = row
    pairs = zip(_WORDS, values + facts, strict=True)
    return {name: text for name, text in pairs if text}


def as_json(words: Mapping[str, str]) -> str:
    """Return words as a statement holds them, always in one order."""
    parts = [f'"{n}":{encode_basestring(text)}' for n in _WORDS if (text := words.get(n))]
    return f"{{{','.join(parts)}}}"


def _fragment(name: str, text: str) -> str:
    return f'"{name}":{encode_basestring(text)},' if text else ""


class Sayings:
    """Writes what rows say: `as_json(words_of(row))`, each text encoded once."""

    def __init__(self) -> None:
        self._fields = [Memo[str, str](_of(name)) for name in PERSON_FIELDS]
        self._facts = Memo[Facts, str](_facts)

    def of(self, rows: Sequence[PersonRow]) -> list[str]:
        """Return each row's words as a statement holds them."""
        if not rows:
            return []
        _, _, _, values, facts, _ = zip(*rows, strict=True)
        parts: list[Iterable[str]] = []
        for memo, texts in zip(self._fields, zip(*values, strict=True), strict=True):
            parts += _parts(memo, texts)
        self._facts.bound()
        parts.append(map(self._facts.__getitem__, facts))
        return [f"{{{''.join(one)[:-1]}}}" for one in zip(*parts, strict=False)]


def _parts(memo: Memo[str, str], texts: Sequence[str]) -> list[Iterable[str]]:
    """Return what a column adds to each row's words: nothing where it is empty throughout."""
    memo.bound()
    if texts[0] == texts[-1] and texts.count(texts[0]) == len(texts):
        return [repeat(memo[texts[0]])] if texts[0] else []
    return [map(memo.__getitem__, texts)]


def _of(name: str) -> Callable[[str], str]:
    return lambda text: _fragment(name, text)


def _facts(facts: Facts) -> str:
    return "".join(_fragment(name, text) for name, text in zip(FACT_FIELDS, facts, strict=True))
