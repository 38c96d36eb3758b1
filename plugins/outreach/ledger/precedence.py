"""Whose word counts: a contact's fields, worked out from what each source says of them.

A higher declared precedence wins field by field; among equal ones the newer statement. A source
without one ranks below every declared one, and among those whoever said it first keeps it. The
employer's name, code and postcode are one field: all are the word of whoever names or codes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import NamedTuple

from outreach.ledger.workplaces import WORKPLACE, foremost, names_one, workplace
from outreach.records import PERSON_FIELDS


class Statement(NamedTuple):
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
    """Return the fields that a contact should have; what nobody says is empty."""
    told = sorted(history, key=attrgetter("stated_at"))
    declared: list[tuple[int, Statement]] = []
    others: list[Statement] = []
    for one in told:
        rank = rank_of(one.source, precedence)
        if rank is None:
            others.append(one)
        elif one.current:
            declared.append((rank, one))
    declared.sort(key=itemgetter(0))  # stable: newer after older
    words = [one.words for _, one in declared]
    fields, employers = _told_by_others(others)
    for mine in words:
        fields |= mine
    employer = foremost([*reversed(words), *employers])
    told_of = {name: fields.get(name, "") for name in PERSON_FIELDS}
    return told_of | {name: employer.get(name, "") for name in WORKPLACE}


def _told_by_others(
    told: Sequence[Statement],
) -> tuple[dict[str, str], Sequence[Mapping[str, str]]]:
    """Return each field, and the employers, of sources that declare no precedence."""
    if len(told) == 1 and told[0].current:
        return {**told[0].words}, [told[0].words]
    if any(not one.current for one in told) or len({one.source for one in told}) < len(told):
        return _first_said(told), _employers_said(told)
    # As nearly always: each of them has spoken once, and whoever did so first keeps it.
    fields: dict[str, str] = {}
    for one in reversed(told):
        fields |= one.words
    return fields, [one.words for one in told]


def _employers_said(told: Sequence[Statement]) -> list[Mapping[str, str]]:
    """Return what each source says now, in the order in which they first named an employer."""
    now = {one.source: one.words for one in told if one.current}
    naming = [one.source for one in told if names_one(one.words)]
    located = [one.source for one in told if workplace(one.words)]
    return [now[source] for source in dict.fromkeys((*naming, *located)) if source in now]


def _first_said(told: Sequence[Statement]) -> dict[str, str]:
    """Return each field as whoever said it first says it now."""
    now = {one.source: one.words for one in told if one.current}
    found: dict[str, str] = {}
    for one in told:
        for name in one.words:
            if name not in found and name in now.get(one.source, ()):
                found[name] = now[one.source][name]
    return found
