"""Rows set aside, written to a sheet for a person to mend, and taken when it is dropped back in.

The sheet has the file's own headings first and ours apart, so that it is read as the file was:
the same source, the same mapping of columns, the same basis, whichever way it comes back in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.errors import Fault, InputError, NotFound
from outreach.exports import write_csv
from outreach.flows import intake
from outreach.flows.shrinking import Guard
from outreach.ledger import mending as ledger
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.mending import Origin
from outreach.records import ImportKind, ImportResult, ImportState
from outreach.sources import headers
from outreach.sources.peeking import names_us
from outreach.sources.reading import Columns
from outreach.sources.tables import Row, Table, examine
from outreach.workbook import write_xlsx

if TYPE_CHECKING:
    from outreach.workspace import Workspace

IMPORT, ROW = "Outreach: import", "Outreach: row"
OURS = (IMPORT, ROW, "Outreach: column", "Outreach: what is wrong", "Outreach: what to do")
"""Our headings in a sheet. An import passes over them."""

_EXPORTED = ("import_id", "row_number", "file_name", "problem_column", "problem", "advice")
"""The headings of `outreach export quarantine`, which holds the rows of every import."""

_KEPT = ("stated_by",)
"""What else of an import's order a sheet of its rows is taken with, where it was given."""

_SEVERAL = (
    "rows of several imports that were taken in different ways, such as on another basis: mend "
    "each import in a sheet of its own, from its page under Imports, or at a terminal with "
    "export quarantine --import NUMBER"
)

_SOME_ROWS = Guard(least_share=0, compare_columns=False)
"""A sheet has few of its file's rows, and only the columns they had: neither tells anything."""

_LONGEST = 200
_CHUNK = 300
WRITERS: dict[str, Callable[..., int]] = {
    ".csv": partial(write_csv, mark=True),
    ".xlsx": write_xlsx,
}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that came back in: the imports that its rows are of, the one with most of them
    first, and where ours stand. `headings` are its headings, squeezed."""

    table: Table
    headings_row: int
    import_at: int
    row_at: int
    headings: frozenset[str]
    imports: tuple[int, ...]

    @property
    def import_id(self) -> int:
        """The import that most of its rows are of."""
        return self.imports[0]


def write_sheet(ws: Workspace, import_id: int, path: Path, *, by: str, via: str) -> int:
    """Write an import's open rows to a .csv or .xlsx; return how many. Raises NotFound.

    The audit log notes who took them out.
    """
    with ws.engine.begin() as connection:
        ledger.how_taken(connection, import_id)
        subject, now = f"import {import_id}", datetime.now(UTC)
        note(connection, who=by, via=via, action="export rows set aside", subject=subject, at=now)
    names: dict[str, None] = {}
    for row in ledger.open_rows(ws.engine, import_id):
        names |= dict.fromkeys(_own(row.row))

    def rows() -> Iterator[tuple[object, ...]]:
        for one in ledger.open_rows(ws.engine, import_id):
            cells = _own(one.row)
            ours = (import_id, one.row_number, one.column_name, one.reason, one.advice)
            if cells:
                yield (*(cells.get(name, "") for name in names), *ours)

    writer = WRITERS[path.suffix]
    return writer(path, (*names, *OURS), rows())


def take_file(
    ws: Workspace,
    path: Path,
    kind: ImportKind,
    how: Columns,
    *,
    source: str,
    guard: Guard | None = None,
    **asked: Any,
) -> ImportResult:
    """Take one file in, as `intake.take_file` does; a mended sheet as its file was read.

    The rows of a sheet that are taken are no longer open in the import that set them aside.
    """
    sheet = _look(path)
    first = _first_taken(ws, sheet) if sheet else None
    if sheet and first and _taken_otherwise(ws, sheet, first):
        who = {"by": asked["by"], "via": asked["via"]}
        error = InputError(Fault(_SEVERAL, path.name))
        return intake.refuse_source(ws, kind, source, error, path=path, **who)
    if sheet and first:
        kind, source, guard = ImportKind(first.kind), first.source, _SOME_ROWS
        how = _as_first(first.how, how, sheet.headings)
        asked |= {name: first.how[name] for name in _KEPT if first.how.get(name)}
    result = intake.take_file(ws, path, kind, how, source=source, guard=guard, **asked)
    if result.state is ImportState.DONE:
        said = {**asdict(how), **{name: asked[name] for name in _KEPT if name in asked}}
        corrects = sheet.import_id if sheet and first else None
        with ws.engine.begin() as connection:
            ledger.keep_how(connection, result.import_id, said, corrects)
    if sheet and first and result.state in (ImportState.DONE, ImportState.ALREADY_TAKEN):
        _mark(ws, sheet, result.import_id)
    return result


def _first_taken(ws: Workspace, sheet: _Sheet) -> ledger.Taken | None:
    try:
        with reading(ws.engine) as connection:
            return ledger.how_taken(connection, sheet.import_id)
    except NotFound:
        return None  # a sheet of another deployment is a file like any other


def _taken_otherwise(ws: Workspace, sheet: _Sheet, first: ledger.Taken) -> bool:
    """Whether some rows are of imports that were read in another way than the first.

    Nobody agreed to the basis of the rest because their row stands in the same sheet.
    """
    with reading(ws.engine) as connection:
        ways = ledger.ways_taken(connection, sheet.imports)
    return any(way != first for way in ways)


def _own(row: Any) -> dict[str, str]:
    """Return a row's own cells, without those that an earlier sheet of ours put there."""
    cells = row if isinstance(row, Mapping) else {}
    return {name: cell for name, cell in cells.items() if name not in OURS}


def _look(path: Path) -> _Sheet | None:
    """Return what a sheet of ours says, None where the file is none.

    A file that cannot be read is none: taking it says what is wrong with it.
    """
    try:
        if not path.is_file() or not names_us(path, (IMPORT, _EXPORTED[3])):
            return None
        table = examine(path)
        first = next(islice(table.rows(), 1), None)
        return _sheet(table, first) if first else None
    except (InputError, OSError):
        return None


def _sheet(table: Table, first: Row) -> _Sheet | None:
    named = {headers.squeezed(cell): place for place, cell in enumerate(first.cells)}
    for names in (OURS, _EXPORTED):
        places = [named.get(headers.squeezed(name)) for name in names]
        if None not in places:
            at, row_at = (place or 0 for place in places[:2])
            sheet = _Sheet(table, first.number, at, row_at, frozenset(named), ())
            counted = Counter(origin[0] for _, origin in _origins(sheet))
            if counted:
                return replace(sheet, imports=tuple(n for n, _ in counted.most_common()))
    return None


def _origins(sheet: _Sheet) -> Iterator[tuple[int, Origin]]:
    """Yield each row's number in the sheet, with where it comes from."""
    for row in sheet.table.rows():
        if row.number > sheet.headings_row:
            found = _origin(row.cells, sheet.import_at, sheet.row_at)
            if found:
                yield row.number, found


def _origin(cells: Sequence[str], import_at: int, row_at: int) -> Origin | None:
    try:
        number, row = (int(float(cells[place])) for place in (import_at, row_at))
    except (ValueError, IndexError, OverflowError):
        return None
    return (number, row) if 0 < number < 2**31 and 0 < row < 2**31 else None


def _as_first(first: Mapping[str, Any], asked: Columns, there: frozenset[str]) -> Columns:
    """Return how the file was read at first; what is asked for now goes before it."""
    merged: dict[str, Any] = {}
    for one in fields(Columns):
        before, now = first.get(one.name) or {}, getattr(asked, one.name) or {}
        merged[one.name] = {**before, **now}
    cut = {name[:_LONGEST]: field for name, field in merged["columns"].items()}
    merged["columns"] = {n: field for n, field in cut.items() if headers.squeezed(n) in there}
    return Columns(**merged)


def _mark(ws: Workspace, sheet: _Sheet, by_import: int) -> None:
    with reading(ws.engine) as connection:
        again = ledger.set_aside(connection, by_import)
    taken = (origin for number, origin in _origins(sheet) if number not in again)
    while some := set(islice(taken, _CHUNK)):
        with ws.engine.begin() as connection:
            _close(connection, some, by_import)


def _close(connection: Any, origins: set[Origin], by_import: int) -> None:
    """Close these rows, those that they were set aside from before, and those that another
    sheet of the same rows had brought back."""
    seen: set[Origin] = set()
    while origins := origins - seen:
        seen |= origins
        earlier = {_before(row) for row in ledger.mark_mended(connection, origins, by_import)}
        later = {
            (one.import_id, one.row_number)
            for one in ledger.set_aside_again(connection, {number for number, _ in origins})
            if _before(one.row) in origins
        }
        origins = {origin for origin in earlier | later if origin is not None}


def _before(row: Any) -> Origin | None:
    if not isinstance(row, Mapping):
        return None
    return _origin((row.get(IMPORT, ""), row.get(ROW, "")), 0, 1)
