"""Whose word counts: a contact's fields, worked out from what each source says of them.

A higher declared precedence wins field by field; among equal ones the newer statement. A source
without one ranks below every declared one, and among those whoever said it first keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.records import PERSON_FIELDS


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source said at one time. `words`: field -> text, none empty.

    `current` is False once the same source has said something else. `id` 0: not yet written.
    """

    source: str
    stated_at: datetime
    words: Mapping[str, str]
    current: bool = True
    id: int = 0


def rank_of(source: str, precedence: Mapping[str, int]) -> int | None:
    """Return a source's declared precedence, None where it has none.

    What an earlier version noted as `source/file` was said by that source.
    """
    found = precedence.get(source)
    return precedence.get(source.partition("/")[0]) if found is None else found


def outranks(one: str, other: str, precedence: Mapping[str, int]) -> bool:
    """Whether one source's word comes before another's, whenever each was said."""
    mine, theirs = rank_of(one, precedence), rank_of(other, precedence)
    return mine is not None and (theirs is None or mine > theirs)


def resolve(history: Iterable[Statement], precedence: Mapping[str, int]) -> dict[str, str]:
    """Return the fields that a contact should have; one that nobody says is left out."""
    told = sorted(history, key=lambda one: one.stated_at)
    declared, others = [], []
    for one in told:
        rank = rank_of(one.source, precedence)
        if rank is None:
            others.append(one)
        elif one.current:
            declared.append((rank, one))
    fields: dict[str, str] = {}
    for _, one in sorted(declared, key=lambda pair: pair[0]):  # stable: newer after older
        fields |= one.words
    first = _first_said(others)
    return {name: fields.get(name) or first.get(name, "") for name in PERSON_FIELDS}


def _first_said(told: Sequence[Statement]) -> dict[str, str]:
    """Return each field as whoever said it first says it now."""
    now = {one.source: one.words for one in told if one.current}
    found: dict[str, str] = {}
    for one in told:
        for name in one.words:
            if name not in found and name in now.get(one.source, ()):
                found[name] = now[one.source][name]
    return found
