"""contacts/sources.yaml -> what to pull; every fault is named with its line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outreach.domain import BasisKind
from outreach.errors import Fault, InputError
from outreach.records import ImportKind
from outreach.sources.reading import Columns


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is pulled from. `drop` is a folder people put files into."""

    name: str
    kind: ImportKind
    path: str
    columns: Columns
    drop: bool
    least_share: float
    shift_dates_to_today: bool
    line: int

    def files(self, contacts: Path) -> tuple[Path, ...]:
        """Return the files that are there now, the oldest first; half-copied ones left out.

        A path that is not absolute stands under `contacts` (the project's contacts/ folder).
        """
        pattern = Path(self.path)
        base = Path(pattern.anchor) if pattern.is_absolute() else contacts
        relative = str(pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern)
        found = [p for p in base.glob(relative) if p.is_file() and not _unfinished(p.name)]
        return tuple(sorted(found, key=lambda p: (p.stat().st_mtime, p.name)))


def _unfinished(name: str) -> bool:
    endings = (".part", ".partial", ".tmp", ".crdownload", ".md")
    return name.startswith((".", "~$")) or name.lower().endswith(endings)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: ImportKind
    path: str = Field(min_length=1)
    mapping: dict[str, str] = {}
    basis: BasisKind | None = None
    evidence: str = ""
    wording_version: str = ""
    defaults: dict[str, str] = {}
    drop: bool = False
    least_share: float = Field(default=0.5, ge=0, le=1)
    shift_dates_to_today: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: list[_Entry]


def load_sources(path: Path) -> tuple[Source, ...]:
    """Read sources.yaml. Raises InputError with every fault and its line."""
    name = path.name
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InputError(Fault(f"not valid YAML: {error.problem}", name, line)) from None
    except (OSError, UnicodeError) as error:
        raise InputError(Fault(f"cannot be read: {type(error).__name__}", name)) from None
    try:
        entries = _File.model_validate(data).sources
    except ValidationError as error:
        faults = [_fault(name, node, found) for found in error.errors()]
        raise InputError(*faults) from None
    _check(name, node, entries)
    return tuple(_source(entry, _line(node, ("sources", i))) for i, entry in enumerate(entries))


def _source(entry: _Entry, line: int) -> Source:
    defaults = dict(entry.defaults)
    if entry.basis:
        defaults["basis"] = entry.basis.value
        defaults |= {"evidence": entry.evidence, "wording_version": entry.wording_version}
    return Source(
        entry.name,
        entry.kind,
        entry.path,
        Columns(entry.mapping, {}, {k: v for k, v in defaults.items() if v}),
        entry.drop,
        entry.least_share,
        entry.shift_dates_to_today,
        line,
    )


def _check(file: str, node: Any, entries: Sequence[_Entry]) -> None:
    faults, names = [], set()
    for index, entry in enumerate(entries):
        line = _line(node, ("sources", index))
        if entry.name in names:
            faults.append(Fault(f"two sources are called {entry.name}", file, line))
        names.add(entry.name)
        if entry.basis and not entry.evidence:
            faults.append(
                Fault(
                    f"{entry.name} names a basis without its evidence; say in `evidence` what "
                    "shows that these people may be written to",
                    file,
                    line,
                )
            )
        if entry.basis and entry.kind not in (ImportKind.CONTACTS, ImportKind.PLEDGES):
            faults.append(Fault(f"{entry.name}: only people have a basis", file, line))
    if faults:
        raise InputError(*faults)


def _fault(file: str, node: Any, found: Any) -> Fault:
    where = tuple(found["loc"])
    said = ".".join(str(part) for part in where if not isinstance(part, int))
    message = f"{said}: {found['msg']}" if said else str(found["msg"])
    if found["type"] == "extra_forbidden":
        known = [*_Entry.model_fields] if len(where) > 1 else [*_File.model_fields]
        close = difflib.get_close_matches(str(where[-1]), known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
        message = f"there is no setting {where[-1]!r}; {meant}"
    if found["type"] == "missing":
        message = f"{where[-1]} is missing"
    return Fault(message, file, _line(node, where))


def _line(node: Any, where: Sequence[str | int]) -> int:
    """Return the line of the innermost part of `where` that is in the file."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            pairs = [(k, v) for k, v in node.value if k.value == part]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
