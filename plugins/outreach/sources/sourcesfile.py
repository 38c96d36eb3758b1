"""contacts/sources.yaml -> what to pull; every fault is named with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outreach.domain import BasisKind
from outreach.errors import Fault, InputError
from outreach.records import ImportKind
from outreach.sources.reading import Columns
from outreach.wording import schema_faults
from outreach.yamlfile import Located, read_yaml


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
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise InputError(Fault("cannot be read; it must be a UTF-8 text file", path.name)) from None
    located = read_yaml(text, path.name)
    try:
        entries = _File.model_validate(located.data).sources
    except ValidationError as error:
        raise InputError(*schema_faults(error, _File, located, path.name)) from None
    _check(path.name, located, entries)
    return tuple(_source(entry, located.line(("sources", i))) for i, entry in enumerate(entries))


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


def _check(file: str, located: Located, entries: Sequence[_Entry]) -> None:
    faults, names = [], set()
    for index, entry in enumerate(entries):
        line = located.line(("sources", index))
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
