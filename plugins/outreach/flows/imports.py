"""Import one file, or pull every source that contacts/sources.yaml names.

A file that is refused or missing never stops the others. Files in a drop folder are moved
afterwards: to contacts/processed/, or to contacts/quarantine/ where they were refused. One
with special-category columns is deleted: it may not be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import InputError
from outreach.flows.filing import PROCESSED, REFUSED
from outreach.flows.mending import take_file
from outreach.flows.pulling import (
    SOURCES_FILE,
    Allowing,
    contacts_folder,
    precedence_of,
    pull_sources,
)
from outreach.flows.shrinking import Guard
from outreach.records import ImportKind, ImportResult
from outreach.sources.reading import Columns
from outreach.sources.sourcesfile import load_sources
from outreach.sources.tables import ENDINGS

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = [
    "ENDINGS",
    "PROCESSED",
    "REFUSED",
    "SOURCES_FILE",
    "Allowing",
    "ImportResult",
    "contacts_folder",
    "import_file",
    "pull_sources",
]


def import_file(
    ws: Workspace,
    path: Path | str,
    kind: ImportKind | str,
    *,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    source: str = "",
    by: str,
    via: str,
    allow_shrink: bool = False,
    allow_lost_column: bool = False,
) -> ImportResult:
    """Take one file in. `mapping`: heading -> field; `constants`: field -> text for every row.

    Constants win over cells; `basis`, `evidence` and `wording_version` are fields too. A file
    that was taken before in the same way changes nothing. A refused file changes nothing
    either: the result says why. Raises InputError where there is no such file or kind.
    """
    how = Columns(dict(mapping or {}), dict(constants or {}), {})
    return take_file(
        ws,
        Path(path),
        _kind(kind),
        how,
        source=source or Path(path).stem,
        by=by,
        via=via,
        guard=Guard(allow_shrink, allow_lost_column=allow_lost_column),
        precedence=_precedence(ws),
    )


def _precedence(ws: Workspace) -> dict[str, int]:
    """Return how the declared sources rank: a file taken by hand is merged beside them."""
    file = contacts_folder(ws) / SOURCES_FILE
    return precedence_of(load_sources(file)) if file.is_file() else {}


def _kind(kind: ImportKind | str) -> ImportKind:
    try:
        return ImportKind(kind)
    except ValueError:
        raise InputError(f"{kind!r} is not a kind of file; use: {', '.join(ImportKind)}") from None
