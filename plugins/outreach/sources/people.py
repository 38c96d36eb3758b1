"""Rows about people, read column by column: what a million of them take.

Every row comes out as `kinds.read_row` would read it alone (a property test compares the two).
A text that a column has had before is looked up; a row with anything unusual in it goes to
`read_row`, which can explain it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, repeat
from typing import Any, TypeVar

from outreach.keys import Keys
from outreach.memo import Memo
from outreach.records import (
    FACT_FIELDS,
    PERSON_FIELDS,
    ContactRecord,
    Facts,
    PersonRow,
    PledgeFacts,
    PledgeRecord,
    Quarantined,
    person_row,
)
from outreach.sources import csvfile
from outreach.sources.addresses import plain_addresses
from outreach.sources.fields import LEFT_EMPTY, BadCell, Context, read_field
from outreach.sources.kinds import read_row
from outreach.sources.mapping import usable
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import WHOLE, Stretch
from outreach.sources.tables import Block
from outreach.sources.values import split_name

BLOCK = 500
"""Rows read at a time: enough to share the work, few enough to hold."""

_PLEDGE = ("pledged_at", "pledge_kind", "withdrawn_on")

K = TypeVar("K")
V = TypeVar("V")
Texts = Sequence[str | None]
"""One field's value in each row; None where only the whole row can tell."""


@dataclass(frozen=True, slots=True)
class People:
    """Some rows, read: those that can be taken, and the others whole; the last row's number."""

    rows: list[PersonRow]
    bad: list[Quarantined]
    last: int = 0


def read_people(
    file: SourceFile, context: Context, keys: Keys, stretch: Stretch = WHOLE
) -> Iterator[People]:
    """Yield what the rows of a file of contacts or pledges say, blank rows left out.

    Raises InputError where the file is broken, and Unsplit as `csvfile.blocks` does.
    """
    reader = _Reader(file, context, keys)
    for block in file.blocks(BLOCK, stretch):
        yield reader.read(block)


class _Reader:
    """Reads blocks of one file."""

    def __init__(self, file: SourceFile, context: Context, keys: Keys) -> None:
        self._file = file
        self._context = context
        self._keys = keys
        plan = file.plan
        self._fixed = {
            name: self._value(name, plan.constants.get(name) or plan.defaults.get(name, ""))
            for name in file.kind.fields
            if name in plan.constants or name not in plan.columns
        }
        self._memos = {
            name: Memo[str, str | None](self._read_text(name)) for name in file.kind.fields
        }
        self._names = Memo[tuple[str, str, str], tuple[str, str]](_first_and_last)
        self._facts = Memo[tuple[str, ...], Facts | None](_facts)

    def read(self, block: Block) -> People:
        """Return what the rows of one block say."""
        odd, columns = self._columns(block)
        number = len(block.rows)
        emails = self._emails(columns, number, odd)
        values = self._people(columns, number, odd)
        facts = self._whole(self._facts, FACT_FIELDS, columns, number, odd)
        pledges = self._pledges(columns, number, odd)
        hashes = self._keys.address_hashes(emails)
        found: Iterable[Any] = zip(
            hashes, block.numbers, emails, values, facts, pledges, strict=True
        )
        if odd:
            found = compress(found, [i not in odd for i in range(number)])
        rows: list[PersonRow] = list(found)
        bad = self._explained(block, odd, rows)
        return People(rows, bad, block.numbers[-1])

    def _columns(self, block: Block) -> tuple[set[int], list[tuple[str, ...]]]:
        """Return which rows are unusual, and the cells of all by column."""
        width = len(self._file.plan.keys)
        odd: set[int] = set()
        rows = block.rows
        if set(map(len, rows)) != {width}:
            odd = {i for i, row in enumerate(rows) if any(map(str.strip, row[width:]))}
            rows = [(row + [""] * width)[:width] for row in rows]
        columns = list(zip(*rows, strict=True))
        for cells in columns:
            joined = "".join(cells)
            if len(joined) > csvfile.MAX_CELL and max(map(len, cells)) > csvfile.MAX_CELL:
                self._refuse_overlong(block, cells)
            if "\n" in joined or "\r" in joined:
                odd |= {i for i, cell in enumerate(cells) if "\n" in cell or "\r" in cell}
        return odd, columns

    def _refuse_overlong(self, block: Block, cells: Sequence[str]) -> None:
        for number, cell in zip(block.numbers, cells, strict=True):
            if len(cell) > csvfile.MAX_CELL:
                raise csvfile.overlong(self._file.table.path, number)

    def _emails(self, columns: list[tuple[str, ...]], number: int, odd: set[int]) -> list[str]:
        if "email" in self._fixed:
            odd |= set(range(number))
            return [""] * number
        emails = plain_addresses(self._texts("email", columns))
        _mark(emails, odd)
        return [email or "" for email in emails]

    def _people(
        self, columns: list[tuple[str, ...]], number: int, odd: set[int]
    ) -> list[tuple[str, ...]]:
        said: dict[str, Any] = {
            name: self._values(name, columns, number, odd) for name in PERSON_FIELDS
        }
        if "name" in self._file.plan.columns or self._fixed.get("name"):
            whole = self._values("name", columns, number, odd)
            both = self._names.all_of(
                list(zip(said["first_name"], said["last_name"], whole, strict=True))
            )
            said["first_name"], said["last_name"] = zip(*both, strict=True)
        return list(zip(*said.values(), strict=True))

    def _whole(
        self,
        memo: Memo[tuple[str, ...], V | None],
        names: tuple[str, ...],
        columns: list[tuple[str, ...]],
        number: int,
        odd: set[int],
    ) -> list[V | None]:
        """Return what several fields say together, looked up as one."""
        if all(name in self._fixed for name in names):
            found = [memo[tuple(self._fixed[name] or "" for name in names)]] * number
        else:
            texts = [self._values(name, columns, number, odd) for name in names]
            found = memo.all_of(list(zip(*texts, strict=True)))
        _mark(found, odd)
        return found

    def _pledges(
        self, columns: list[tuple[str, ...]], number: int, odd: set[int]
    ) -> list[PledgeFacts | None]:
        if "pledged_at" not in self._file.kind.fields:
            return [None] * number
        times, kinds, ends = (list(self._values(n, columns, number, odd)) for n in _PLEDGE)
        facts: list[PledgeFacts | None] = [
            (at, kind or "person", end) for at, kind, end in zip(times, kinds, ends, strict=True)
        ]
        odd |= {i for i, one in enumerate(facts) if not (one and one[0])}
        return facts

    def _values(self, name: str, columns: list[tuple[str, ...]], number: int, odd: set[int]) -> Any:
        if name in self._fixed:
            return repeat(self._fixed[name] or "", number)
        found = self._memos[name].all_of(self._texts(name, columns))
        _mark(found, odd)
        return found

    def _texts(self, name: str, columns: list[tuple[str, ...]]) -> Sequence[str]:
        indexes = self._file.plan.columns[name]
        if len(indexes) == 1:
            return columns[indexes[0]]
        rows = zip(*(columns[index] for index in indexes), strict=True)
        return [next(filter(usable, cells), "") for cells in rows]

    def _read_text(self, name: str) -> Callable[[str], str | None]:
        default = self._file.plan.defaults.get(name, "")
        return lambda text: self._value(name, text if usable(text) else default)

    def _value(self, name: str, text: str) -> str | None:
        try:
            value = read_field(name, text, self._context) if text else ""
        except BadCell:
            return None
        # What a rule left empty is counted where rows are read one by one.
        return None if value is LEFT_EMPTY else _plain(value)

    def _explained(self, block: Block, odd: set[int], rows: list[PersonRow]) -> list[Quarantined]:
        """Read the unusual rows one by one: add those that can be taken to `rows`."""
        bad = []
        file = self._file
        for i in sorted(odd):
            cells = tuple(file.table.narrow(block.numbers[i], block.rows[i]))
            if not any(cell.strip() for cell in cells):
                continue
            found = read_row(file.kind, file.plan, block.numbers[i], cells, self._context)
            if isinstance(found, Quarantined):
                bad.append(found)
            elif isinstance(found, ContactRecord | PledgeRecord):
                contact = found.contact if isinstance(found, PledgeRecord) else found
                rows.append(person_row(found, self._keys.address_hash(contact.email)))
        return bad


def _mark(values: Sequence[object], odd: set[int]) -> None:
    if None in values:
        odd |= {i for i, value in enumerate(values) if value is None}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _first_and_last(names: tuple[str, str, str]) -> tuple[str, str]:
    first, last, whole = names
    return (first, last) if first or last else split_name(whole or "")


def _facts(said: tuple[str, ...]) -> Facts | None:
    tracking, left, basis, purpose, evidence, wording, given = said
    if not basis:
        return tracking, left, "", "", "", "", ""
    return (tracking, left, basis, purpose, evidence, wording, given) if evidence else None
