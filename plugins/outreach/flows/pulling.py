"""Pull the sources that contacts/sources.yaml names, from wherever they are.

A file that is refused or missing, and a place that cannot be reached, never stop the others.
What is fetched lies in a private folder while it is taken. How far a source was pulled is
remembered only once its rows are in, so that a pull which died is made good by the next.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from outreach.errors import ConfigError, Fault, InputError
from outreach.flows.filing import put_away
from outreach.flows.intake import refuse_source
from outreach.flows.mending import take_file
from outreach.flows.shrinking import Guard
from outreach.ledger import imports as ledger
from outreach.ledger.engine import DatabaseTrouble, reading
from outreach.ledger.source_marks import Progress, keep_progress, progress_of
from outreach.loglines import for_log
from outreach.records import ImportResult, ImportState
from outreach.sources.places.base import Copy, Found, Place, Reach
from outreach.sources.places.nowhere import NoReach
from outreach.sources.places.table import place_of
from outreach.sources.sourcesfile import Source, load_sources
from outreach.wording import suggest

if TYPE_CHECKING:
    from outreach.workspace import Workspace

log = logging.getLogger("outreach.imports")

T = TypeVar("T")

SOURCES_FILE = "sources.yaml"

_TAKEN = (ImportState.DONE, ImportState.ALREADY_TAKEN)
_ABANDONED = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Allowing:
    """What a person lets pass for this once; see shrinking.Guard."""

    shrink: bool = False
    lost_column: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Pull:
    """One pull of some sources."""

    ws: Workspace
    contacts: Path
    by: str
    via: str
    reach: Reach
    allowing: Allowing
    precedence: Mapping[str, int]
    told: Callable[[str], None]


def pull_sources(
    ws: Workspace,
    *,
    by: str,
    via: str,
    only: str = "",
    reach: Reach | None = None,
    allowing: Allowing | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[ImportResult, ...]:
    """Import what is new in every source, or in the one called `only`.

    `reach` leads to what is not on this machine; `told` hears a line before each thing that is
    taken (no personal data). Raises InputError where sources.yaml is wrong, or has no `only`.
    """
    contacts = contacts_folder(ws)
    sources = load_sources(contacts / SOURCES_FILE)
    ranks = precedence_of(sources)
    pull = _Pull(ws, contacts, by, via, reach or NoReach(), allowing or Allowing(), ranks, told)
    return tuple(result for source in chosen(sources, only) for result in _pull(pull, source))


def chosen(sources: tuple[Source, ...], only: str) -> tuple[Source, ...]:
    """Return the source called `only`, or all. Raises InputError where there is none."""
    found = tuple(source for source in sources if only in ("", source.name))
    if not found and only:
        near = suggest(only, [source.name for source in sources])
        raise InputError(f"{SOURCES_FILE} names no source “{only}”{near}")
    return found


def contacts_folder(ws: Workspace) -> Path:
    """Return the project's contacts/ folder."""
    return ws.settings.root / "contacts"


def precedence_of(sources: tuple[Source, ...]) -> dict[str, int]:
    """Return how high each source ranks that declares it."""
    return {s.name: s.precedence for s in sources if s.precedence is not None}


def _pull(pull: _Pull, source: Source) -> Iterator[ImportResult]:
    """Yield what came of each thing of a source, or why there is none."""
    place: list[Place] = []

    def look() -> tuple[Found, ...]:
        place.append(place_of(source, pull.contacts, pull.reach))
        return place[0].look()

    things = _tried(pull, source, look)
    if isinstance(things, ImportResult):
        yield things
        return
    for found in things:
        pull.told(for_log(f"{source.name}: {found.name}"))
        yield _tried(pull, source, partial(_one, pull, source, place[0], found))


def _tried(pull: _Pull, source: Source, step: Callable[[], T]) -> T | ImportResult:
    """Return what `step` does, or that the source is refused, and why: the others go on."""
    try:
        return step()
    except InputError as error:
        return _unreachable(pull, source, error)
    except (*DatabaseTrouble, ConfigError):
        raise  # whatever is pulled next would meet it too
    except OSError as error:
        said = f"it could not be read or moved ({error.strerror or type(error).__name__})"
        advice = "ask whoever runs this machine for the right to, or for room on its disk"
        fault = InputError(Fault(f"{said}; {advice}", source.name))
        return _unreachable(pull, source, fault, failed=True)
    except Exception as error:  # a fault of ours: it holds up one source, not all
        _log_fault(source, error)
        said = f"Outreach failed on it ({type(error).__name__}): a fault in the program, not yours"
        advice = "whoever runs it finds where in the log. The other sources were pulled"
        fault = InputError(Fault(f"{said}; {advice}", source.name))
        return _unreachable(pull, source, fault, failed=True)


def _log_fault(source: Source, error: Exception) -> None:
    # Where, and never what: the text of an error may quote a row.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("source %s: %s\n%s", source.name, type(error).__name__, where)


def _one(pull: _Pull, source: Source, place: Place, found: Found) -> ImportResult:
    """Take one thing, unless it is as it was when it was last taken."""
    if found.wrong:
        return _wrong(pull, source, found)
    known = _known(pull, source)
    if found.mark and known.marks.get(_key(found)) == found.mark:
        return _unchanged(pull, source, found)
    with _folder(pull.ws) as folder:
        copy = place.fetch(found, folder, known.cursors.get(_key(found), ""))
        return _taken(pull, source, found, copy)


def _wrong(pull: _Pull, source: Source, found: Found) -> ImportResult:
    path = Path(found.key)
    if source.drop and path.is_symlink():
        path.unlink()  # the link alone: what it leads to is not ours
    return _unreachable(pull, source, InputError(Fault(found.wrong, found.name)))


def _taken(pull: _Pull, source: Source, found: Found, copy: Copy) -> ImportResult:
    if copy.empty:
        result = _unchanged(pull, source, found)
    else:
        if found.modified and source.scheme:
            os.utime(copy.path, (time.time(), found.modified.timestamp()))
        result = _take(pull, source, copy.path)
    if result.state in _TAKEN and (found.mark or copy.cursor):
        _remember(pull, source, found, copy)
    if source.drop:
        try:
            said = put_away(pull.ws, pull.contacts, copy.path, result)
        except OSError as error:
            said = f"It could not be moved out of its folder ({error.strerror}); take it out"
        if said:
            result = replace(result, message=f"{result.message}. {said}")
    return result


def _take(pull: _Pull, source: Source, path: Path) -> ImportResult:
    # Each file dropped is a list of its own: only files of one fixed source can shrink.
    name = f"{source.name}/{path.stem}" if source.drop else source.name
    return take_file(
        pull.ws,
        path,
        source.kind,
        source.columns,
        source=name,
        by=pull.by,
        via=pull.via,
        guard=_guard(source, pull.allowing),
        shift=source.shift_dates_to_today,
        stated_by=source.name,
        precedence=pull.precedence,
    )


def _guard(source: Source, allowing: Allowing) -> Guard:
    return Guard(
        allowing.shrink,
        0 if source.partial else source.least_share,
        allowing.lost_column,
        not source.partial,
        allowing.stale,
        source.stale_after_days,
    )


def _unreachable(
    pull: _Pull, source: Source, error: InputError, *, failed: bool = False
) -> ImportResult:
    return refuse_source(
        pull.ws, source.kind, source.name, error, failed=failed, by=pull.by, via=pull.via
    )


def _unchanged(pull: _Pull, source: Source, found: Found) -> ImportResult:
    with reading(pull.ws.engine) as connection:
        last = ledger.last_taken(connection, source.name, source.kind)
    return ImportResult(
        last.id if last else 0,
        source.kind,
        source.name,
        ImportState.ALREADY_TAKEN,
        found.name,
        message=f"{found.name}: nothing new since it was last taken",
    )


def _known(pull: _Pull, source: Source) -> Progress:
    with reading(pull.ws.engine) as connection:
        return progress_of(connection, source.name, _how(source))


def _remember(pull: _Pull, source: Source, found: Found, copy: Copy) -> None:
    with pull.ws.engine.begin() as connection:
        known = progress_of(connection, source.name, _how(source))
        marks, cursors = dict(known.marks), dict(known.cursors)
        if found.mark:
            marks[_key(found)] = found.mark
        if copy.cursor:
            cursors[_key(found)] = copy.cursor
        now = datetime.now(UTC)
        keep_progress(connection, source.name, Progress(known.how, marks, cursors), now)


def _how(source: Source) -> str:
    """Return what makes a thing worth fetching again although it is the same."""
    said: list[object] = [source.kind.value, source.path, source.records]
    said += [source.columns.said(), source.columns.format]
    since = source.api.since
    said.append([since.parameter, since.field, since.reply] if since else [])
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=10).hexdigest()


def _key(found: Found) -> str:
    # An object's name may name a person, and the ledger's facts outlive them.
    return hashlib.blake2b(found.key.encode("utf-8", "replace"), digest_size=12).hexdigest()


@contextmanager
def _folder(ws: Workspace) -> Iterator[Path]:
    """Lend a private folder for what is fetched; what a killed pull left is cleared away."""
    base = ws.settings.home / "fetched"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in base.iterdir():
        with suppress(OSError):  # another pull may take its own away at this moment
            if time.time() - old.stat().st_mtime > _ABANDONED:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)
