"""A declared source's file that was stopped, taken all the same on a named person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from outreach.errors import InputError, Refused
from outreach.flows.pulling import SOURCES_FILE, Allowing, contacts_folder, pull_sources
from outreach.flows.shrinking import stopped_by
from outreach.flows.who import named
from outreach.ledger import views_people
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.source_marks import last_import
from outreach.pullwords import LET_PASS
from outreach.records import ImportResult, ImportState
from outreach.sources.sourcesfile import Source, load_sources

if TYPE_CHECKING:
    from outreach.ledger.views_people import ImportRow
    from outreach.workspace import Workspace

_ALLOWING = {
    "shrink": Allowing(shrink=True),
    "lost-column": Allowing(lost_column=True),
    "stale": Allowing(stale=True),
}


@dataclass(frozen=True, slots=True)
class WayOn:
    """How a file that was stopped goes on.

    `guard` is what stopped it ("shrink", "lost-column" or "stale"), '' where nobody may let it
    pass. `source` is the source that declares it, '' where it was sent by hand; `here` says
    whether it can be taken from here: it lies on this machine, where it lay, and nothing of its
    source was pulled since. `dropped`: it lay in a drop folder, which it was moved out of.
    """

    guard: str = ""
    source: str = ""
    here: bool = False
    dropped: bool = False

    @property
    def tick(self) -> str:
        """The tick on the trigger form that lets it pass, '' where there is none."""
        return LET_PASS.get(self.guard, "")


def way_on(ws: Workspace, import_id: int) -> WayOn:
    """Return how the file of an import goes on. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views_people.import_numbered(connection, import_id)
        guard = stopped_by(row.note) if row.state == ImportState.REFUSED else ""
        source = _declared(ws, row) if guard else None
        if source is None:
            return WayOn(guard)
        last = last_import(connection, source.name)
    newest = last is not None and last.id == import_id
    return WayOn(guard, source.name, newest and not (source.drop or source.scheme), source.drop)


def take_anyway(
    ws: Workspace, import_id: int, *, reason: str, by: str, via: str
) -> tuple[ImportResult, ...]:
    """Pull the source of a stopped file again, letting pass what stopped it, for this once.

    Raises NotFound, InputError where sources.yaml is wrong, and Refused where nobody may let it
    pass, it cannot be taken from here, or no name or reason is given.
    """
    way = way_on(ws, import_id)
    why = named(by, reason, "a file that was stopped is taken")
    if not way.guard:
        raise Refused("this file was not stopped by anything that a person may let pass")
    if not way.here:
        raise Refused(
            "this file cannot be taken from here: its source was pulled since, or it lies elsewhere"
        )
    with ws.engine.begin() as connection:
        note(
            connection,
            at=datetime.now(UTC),
            who=by,
            via=via,
            action="take a stopped file",
            subject=f"import {import_id}",
            detail=f"{way.guard}: {why}",
        )
    return pull_sources(ws, only=way.source, allowing=_ALLOWING[way.guard], by=by, via=via)


def _declared(ws: Workspace, row: ImportRow) -> Source | None:
    """Return the source that an import was of, None where a person sent the file."""
    try:
        declared = load_sources(contacts_folder(ws) / SOURCES_FILE)
    except InputError:
        return None
    own = {source.name: source for source in declared}
    dropped = own.get(row.source.partition("/")[0])
    if "/" in row.source and dropped and dropped.drop:
        return dropped
    found = own.get(row.source)
    # A list that a person sent may bear a source's name, and is none of its files.
    here = found is not None and not found.scheme
    return None if found and here and not _its_file(found, row.file_name) else found


def _its_file(source: Source, name: str) -> bool:
    return fnmatch(name, PurePosixPath(source.path).name)
