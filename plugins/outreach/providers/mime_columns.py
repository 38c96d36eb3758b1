"""The octets that a batch's people have to themselves, made of all of them at once.

Only of a batch whose addresses, ids and links are all plain; else each person is looked at alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from outreach.memo import Memo
from outreach.providers.base import Pieces
from outreach.providers.columns import BETWEEN, PRINTABLE, Column
from outreach.providers.mime_own import (
    ADDRESS,
    ADDRESS_LENGTH,
    LINK_LENGTH,
    NAME_LENGTH,
    forms,
    subjects,
)
from outreach.providers.mime_second import PIECE_WIDTH, SOFT_BREAK
from outreach.providers.people import People

_ADDRESSES = re.compile(rf"(?:{ADDRESS.pattern}{BETWEEN})*+")
_OF_NAMES = re.sub(rb"[^A-Za-z0-9._-]", b"", PRINTABLE)
_OF_LINKS = PRINTABLE.translate(None, b' ",<>')
_OF_VALUES = PRINTABLE.translate(None, b"\"&'<=>")
_CHANGED = (".", "From ")
"""What a line never begins with: see `mime_second`."""


def of_batch(
    people: People, slots: Sequence[int], subject: Pieces, *, notice: bool
) -> list[Sequence[bytes]] | None:
    """Return a column for each place that `mime_own` names; None unless all are plain.

    Raises UnicodeEncodeError for half a surrogate pair.
    """
    links = [b""] * len(people) if notice else _links(people)
    heads = (_addresses(people), _subjects(people, subject), _names(people), links)
    found: list[Sequence[bytes]] = [column for column in heads if column is not None]
    if len(found) < len(heads):
        return None
    for slot in slots:
        found += _values(people.columns[slot])
    return found


def _addresses(people: People) -> list[bytes] | None:
    column = Column(people.addresses)
    plain = column.longest <= ADDRESS_LENGTH and _ADDRESSES.fullmatch(column.joined + BETWEEN)
    return _encoded(column) if plain else None


def _subjects(people: People, pieces: Pieces) -> list[bytes]:
    if not pieces.slots:
        return [b""] * len(people)
    return list(map(subjects(pieces), zip(*people.values, strict=True)))


def _names(people: People) -> list[bytes] | None:
    column = Column(people.delivery_ids)
    plain = column.longest <= NAME_LENGTH and column.only(_OF_NAMES) and "" not in column.texts
    return _encoded(column) if plain else None


def _links(people: People) -> list[bytes] | None:
    column = people.links
    begun = column.begins("https://") or column.begins("http://")
    plain = begun and column.longest <= LINK_LENGTH and column.only(_OF_LINKS)
    return _encoded(column) if plain else None


def _values(column: Column) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Return each value as it stands in the text part and in the HTML part."""
    lines = _lines(column)
    if lines is not None:
        return lines, lines
    made = Memo(forms)
    text, html = zip(*[made[value] for value in column.texts], strict=True)
    return text, html


def _lines(column: Column) -> list[bytes] | None:
    """Return values that need no coding, each on one line or on two; None where any is other."""
    if not column.only(_OF_VALUES) or "" in column.texts or _any_ends(column.joined, " "):
        return None
    made = column.joined
    if column.longest > PIECE_WIDTH:
        cut, most = PIECE_WIDTH - 1, 2 * PIECE_WIDTH - 1
        if column.longest > most or min(map(len, column.texts)) <= PIECE_WIDTH:
            return None
        made = BETWEEN.join([f"{text[:cut]}{SOFT_BREAK}{text[cut:]}" for text in column.texts])
    if any(_any_line_begins(made, start) for start in _CHANGED):
        return None
    return made.encode().split(BETWEEN.encode())


def _any_ends(joined: str, end: str) -> bool:
    return joined.endswith(end) or end + BETWEEN in joined


def _any_line_begins(made: str, start: str) -> bool:
    return made.startswith(start) or BETWEEN + start in made or "\n" + start in made


def _encoded(column: Column) -> list[bytes]:
    return column.joined.encode().split(BETWEEN.encode())
