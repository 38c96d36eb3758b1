"""A file and how its columns map -> its records, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.records import ImportKind, Quarantined, Record
from outreach.sources import headers, ods
from outreach.sources.fields import BadCell, Context, read_field
from outreach.sources.kinds import KINDS, Kind, read_row
from outreach.sources.mapping import ColumnPlan, plan_columns
from outreach.sources.stretches import WHOLE, Stretch
from outreach.sources.suppressions import told_by_name
from outreach.sources.tables import Block, Row, Table, examine
from outreach.sources.wishes import heed_wishes


@dataclass(frozen=True, slots=True)
class Columns:
    """What a person or sources.yaml says about a file's columns.

    `columns`: heading -> field. `constants` (field -> text) win over cells; `defaults` fill
    empty ones. `values`: field -> {text as people write it: our value}. `unmatched`: field ->
    "quarantine" or "empty", for a text that its fixed list does not know. `format` is a name of
    tables.FORMATS, empty to go by the file; `records` where a JSON file's list stands.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unmatched: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    records: str = ""

    def said(self) -> list[object]:
        """Return everything that is said here, as JSON can hold it: what makes a file the same."""
        rules = [dict(self.columns), dict(self.constants), dict(self.defaults)]
        more = [{k: dict(v) for k, v in self.values.items()}, dict(self.unmatched), self.records]
        return [*rules, *more] if any(more) else [*rules]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose columns are understood. `headings_row` is 0 where it has no heading row."""

    table: Table
    kind: Kind
    plan: ColumnPlan
    headings_row: int

    def count(self) -> int:
        """Return how many rows there are below the headings; reads the file through.

        Raises InputError where it is broken anywhere.
        """
        return sum(1 for _ in self._rows())

    def records(self, context: Context) -> Iterator[Record | Quarantined]:
        """Yield what each row says, in order."""
        kind, plan = self.kind, self.plan
        for row in self._rows():
            yield read_row(kind, plan, row.number, row.cells, context)

    def blocks(self, size: int, stretch: Stretch = WHOLE) -> Iterator[Block]:
        """Yield the rows below the headings, `size` at a time, as `Table.blocks` does."""
        for block in self.table.blocks(size, stretch):
            if block.numbers[0] > self.headings_row:
                yield block
            elif block.numbers[-1] > self.headings_row:
                skip = next(i for i, n in enumerate(block.numbers) if n > self.headings_row)
                yield Block(block.numbers[skip:], block.rows[skip:])

    def _rows(self) -> Iterator[Row]:
        return (row for row in self.table.rows() if row.number > self.headings_row)


def open_file(path: Path, kind: ImportKind, how: Columns, context: Context) -> SourceFile:
    """Examine a file and decide what its columns mean, before anything is taken from it.

    Raises SpecialCategory or InputError with what to mend.
    """
    table, first = _first_row(path, how)
    if first is None:
        raise InputError(Fault("the file is empty", path.name))
    given = _given(kind, first.cells)
    how = replace(how, defaults={**_told_by_name(kind, path.name, context), **how.defaults})
    headings = given or _trimmed(first.cells)
    if kind is ImportKind.ORGANISATIONS:
        headings = ods.renamed(headings, how.columns)
    if any("@" in headers.without_notes(heading) for heading in headings):
        # Not quoted: a fault's text reaches logs, and this row is a person's.
        said = "the first row holds an address; put a row of headings above it, such as Email"
        raise InputError(Fault(said, path.name, first.number))
    spec = KINDS[kind]
    plan = plan_columns(path.name, headings, spec.fields, how.columns, how.constants, how.defaults)
    _check_required(path.name, spec, plan, headings)
    heed_wishes(path.name, kind, plan)
    _check_constants(path.name, plan, context)
    _check_values(path.name, how, context)
    return SourceFile(table, spec, plan, 0 if given else first.number)


def _first_row(path: Path, how: Columns) -> tuple[Table, Row | None]:
    try:
        table = examine(path, how.format, how.records)
        return table, table.first()
    except OSError as error:
        said = f"it cannot be opened ({error.strerror}); ask for the right to read it"
        raise InputError(Fault(said, path.name)) from None


def _given(kind: ImportKind, first: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings of a file that is known without any by its first row, or ()."""
    if kind is ImportKind.ORGANISATIONS:
        return ods.headings(first)
    if kind is ImportKind.SUPPRESSIONS and len(_trimmed(first)) == 1 and "@" in first[0]:
        # Nothing but addresses, one below the other: what else could they be?
        return ("Email", *[""] * (len(first) - 1))
    return ()


def _told_by_name(kind: ImportKind, name: str, context: Context) -> dict[str, str]:
    """Return what a file's name tells of its rows, for those that do not say themselves."""
    if kind is ImportKind.SUPPRESSIONS:
        reason = told_by_name(name)
        return {"reason": reason} if reason else {}
    sector = ods.sector(name) if kind is ImportKind.ORGANISATIONS else ""
    return {"sector": sector} if sector in context.lists.sectors else {}


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _check_required(file: str, kind: Kind, plan: ColumnPlan, headings: tuple[str, ...]) -> None:
    given = {*plan.columns, *plan.constants, *plan.defaults}
    for name in kind.required:
        if name not in given:
            shown = ", ".join(f'"{" ".join(h.split())[:80]}"' for h in headings[:30])
            raise InputError(
                Fault(
                    f"no column for {name.replace('_', ' ')}. The first row is read as headings: "
                    f"{shown}. If the headings stand further down, delete the rows above them. "
                    f'If one of these is it, say so with --map "COLUMN={name}", or under '
                    "mapping in sources.yaml",
                    file,
                )
            )


def _check_values(file: str, how: Columns, context: Context) -> None:
    """Refuse a rule that maps to what the hub's lists do not hold."""
    plain = replace(context, values={}, unmatched={})
    for name, told in how.values.items():
        for text, ours in told.items():
            try:
                read_field(name, ours, plain)
            except BadCell as bad:
                said = f"values of {name}: “{text}” cannot mean “{ours}”: {bad.problem.advice}"
                raise InputError(Fault(said, file)) from None


def _check_constants(file: str, plan: ColumnPlan, context: Context) -> None:
    given = {*plan.constants, *plan.defaults}
    if "basis" in given and "evidence" not in {*given, *plan.columns}:
        said = (
            "a basis needs its evidence, what shows that these people may be written to: fill in "
            'What shows it on the page, or at a terminal add --set "evidence=..."'
        )
        raise InputError(Fault(said, file))
    for name, text in [*plan.constants.items(), *plan.defaults.items()]:
        try:
            read_field(name, text, context)
        except BadCell as bad:
            problem = bad.problem
            raise InputError(
                Fault(f"{name}={text!r}: {problem.reason}; {problem.advice}", file)
            ) from None
