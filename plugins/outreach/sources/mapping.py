"""Which column of a file means which field, decided once from its headings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from outreach.errors import Fault, InputError
from outreach.sources import headers, ods
from outreach.sources.aliases import IGNORED
from outreach.sources.special import special_category

IGNORE = "ignore"
"""`--map COLUMN=ignore` leaves a column out."""


_ANONYMOUS = "anonymous"
"""What Microsoft Forms writes for the address of someone who was not signed in."""


class SpecialCategory(InputError):
    """The file has a column about ethnicity, religion, health or the like: it is not kept."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How rows of one file are read.

    `columns` maps a field to the indexes of its columns, the best first. `constants` win over
    cells; `defaults` fill empty ones. `keys` names every column for a quarantined row.
    """

    keys: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, str]
    defaults: Mapping[str, str]
    unrecognised: tuple[str, ...]

    def fields(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the row's text for every field that it or the plan gives."""
        found = dict(self.defaults)
        for name, indexes in self.columns.items():
            for index in indexes:
                cell = cells[index] if index < len(cells) else ""
                if usable(cell):
                    found[name] = cell
                    break
        if self.constants:
            found.update(self.constants)
        return found

    def heading(self, name: str) -> str:
        """Return the heading of a field's column, or the field's own words without one."""
        indexes = self.columns.get(name)
        return self.keys[indexes[0]] if indexes else name.replace("_", " ")

    def whole(self, cells: Sequence[str]) -> dict[str, str]:
        """Return a row as heading -> cell, whole: with every heading, also where it has fewer
        cells, and with every cell, also where it has more."""
        extra = [f"column {i + 1}" for i in range(len(self.keys), len(cells))]
        return dict(zip_longest([*self.keys, *extra], cells, fillvalue=""))


def usable(cell: str) -> bool:
    """Whether a cell says anything."""
    return bool(cell) and not cell.isspace() and cell.strip() != _ANONYMOUS


def plan_columns(
    file: str,
    headings: Sequence[str],
    fields: tuple[str, ...],
    mapping: Mapping[str, str],
    constants: Mapping[str, str],
    defaults: Mapping[str, str],
) -> ColumnPlan:
    """Decide what each heading means.

    Raises SpecialCategory for a column that must not be kept, and InputError where a column
    named in `mapping` is missing, or two columns mean the same field.
    """
    special = [heading.strip() for heading in headings if special_category(heading)]
    if special:
        raise SpecialCategory(
            Fault(
                f"the column {_quoted(special)} holds special-category data (ethnicity, religion, "
                "health and the like), which this system must not hold. Nothing was taken and "
                "nothing is kept; remove the column and import the file again",
                file,
            )
        )
    _check_fields(file, fields, [*mapping.values()], "--map")
    _check_fields(file, fields, [*constants, *defaults], "--set")
    columns, unrecognised = _assign(file, headings, fields, _asked(file, headings, mapping))
    return ColumnPlan(_unique(headings), columns, constants, defaults, unrecognised)


def _asked(file: str, headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    known = {headers.squeezed(heading) for heading in headings}
    missing = [column for column in mapping if headers.squeezed(column) not in known]
    if missing:
        raise InputError(
            Fault(
                f"there is no column {_quoted(missing)}; the columns are {_quoted(headings)}", file
            )
        )
    return {headers.squeezed(column): field for column, field in mapping.items()}


def _check_fields(file: str, fields: tuple[str, ...], named: Sequence[str], option: str) -> None:
    for name in named:
        if name in fields or (name == IGNORE and option == "--map"):
            continue
        close = difflib.get_close_matches(name, fields, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise InputError(
            Fault(f"{option}: there is no field {name!r}; {meant}Fields: {', '.join(fields)}", file)
        )


def _assign(
    file: str, headings: Sequence[str], fields: tuple[str, ...], asked: Mapping[str, str]
) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    metadata = headers.form_metadata(list(headings))
    mains: dict[str, list[int]] = {}
    fallbacks: dict[str, list[int]] = {}
    unrecognised = []
    for index, heading in enumerate(headings):
        name = _field(heading, fields, asked)
        if name == IGNORE or (headers.words(heading) in IGNORED and not name):
            continue
        if not name and heading.startswith(ods.UNUSED):
            continue
        if not name:
            unrecognised.append(heading.strip() or f"(column {index + 1} has no heading)")
            continue
        spare = headers.words(heading) in metadata and headers.squeezed(heading) not in asked
        (fallbacks if spare else mains).setdefault(name, []).append(index)
    for name, indexes in mains.items():
        if len(indexes) > 1:
            _refuse_twins(file, name, [headings[index] for index in indexes])
    merged = {name: (*mains.get(name, ()), *fallbacks.get(name, ())) for name in fields}
    return {name: found for name, found in merged.items() if found}, tuple(unrecognised)


def _field(heading: str, fields: tuple[str, ...], asked: Mapping[str, str]) -> str:
    key = headers.squeezed(heading)
    if key in asked:
        return asked[key]
    open_fields = tuple(name for name in fields if name not in asked.values())
    return headers.meaning(heading, open_fields) or headers.meaning(
        headers.without_counter(heading), open_fields
    )


def _refuse_twins(file: str, name: str, found: Sequence[str]) -> None:
    raise InputError(
        Fault(
            f"the columns {_quoted(found)} both mean {name.replace('_', ' ')}; rename or remove "
            f'one, or say which counts with --map "COLUMN={name}", or under mapping in '
            "sources.yaml",
            file,
        )
    )


def _unique(headings: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    keys = []
    for index, heading in enumerate(headings):
        plain = " ".join(heading.split())[:200] or f"column {index + 1}"
        seen[plain] = seen.get(plain, 0) + 1
        keys.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return tuple(keys)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{" ".join(name.split())[:120]}"' for name in names)
