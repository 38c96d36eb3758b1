"""The sources as they stand: where from, when last taken, what that said, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from outreach.errors import InputError
from outreach.flows.pulling import SOURCES_FILE, contacts_folder
from outreach.ledger.engine import reading
from outreach.ledger.source_marks import LastImport, last_import
from outreach.records import ImportState
from outreach.sources.places.local import LocalPlace
from outreach.sources.sourcesfile import Source, load_sources

if TYPE_CHECKING:
    from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source. `place` holds no secret; `last_at` is None where nothing was taken yet."""

    name: str
    kind: str
    place: str
    connection: str
    last_at: datetime | None
    said: str
    next: str


def sources(ws: Workspace) -> tuple[SourceLine, ...]:
    """Return every declared source. Raises InputError where sources.yaml is wrong."""
    declared = load_sources(contacts_folder(ws) / SOURCES_FILE)
    with reading(ws.engine) as connection:
        lasts = [last_import(connection, source.name) for source in declared]
    return tuple(_line(ws, source, last) for source, last in zip(declared, lasts, strict=True))


def _line(ws: Workspace, source: Source, last: LastImport | None) -> SourceLine:
    return SourceLine(
        source.name,
        source.kind.value,
        source.path.partition("?")[0],
        source.connection,
        last.at if last else None,
        _said(last) if last else "never taken",
        _next(ws, source, last),
    )


def _said(last: LastImport) -> str:
    if last.state == ImportState.REFUSED:
        return f"refused: {last.note}"
    return (
        f"{last.state}: {last.rows_read} rows of {last.file_name}, {last.created} new, "
        f"{last.changed} changed, {last.quarantined} set aside"
    )


def _next(ws: Workspace, source: Source, last: LastImport | None) -> str:
    if last is not None and last.state in (ImportState.REFUSED, ImportState.FAILED):
        return "needs a person: mend what it says"
    if source.scheme:
        return "asked for what is new at the next pull"
    try:
        there = len(LocalPlace(source.path, contacts_folder(ws), drop=source.drop).look())
    except InputError as error:
        return f"needs a person: {error}"
    if source.drop:
        return f"{there} waiting" if there else "waits for files"
    return "looked at again at the next pull" if there else "nothing is there"
