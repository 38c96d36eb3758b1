"""Import one file, or pull every source that contacts/sources.yaml names.

A file that is refused or missing never stops the others. Files in a drop folder are moved
afterwards: to contacts/processed/, or to contacts/quarantine/ where they were refused. One
with special-category columns is deleted: it may not be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import InputError
from outreach.flows.forgetting import forget_in_file
from outreach.flows.intake import take_file
from outreach.flows.shrinking import Guard
from outreach.ledger import announcing
from outreach.ledger.announcing import Unannounced
from outreach.ledger.engine import reading
from outreach.ledger.people_merge import ERASED
from outreach.records import ImportKind, ImportResult, ImportState
from outreach.sources.reading import Columns
from outreach.sources.sourcesfile import Source, load_sources

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = [
    "ImportResult",
    "Unannounced",
    "announced",
    "contacts_folder",
    "import_file",
    "pledges_to_announce",
    "pull_sources",
]

SOURCES_FILE = "sources.yaml"
PROCESSED = "processed"
REFUSED = "quarantine"


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
        guard=Guard(allow_shrink),
    )


def pull_sources(ws: Workspace, *, by: str, via: str) -> tuple[ImportResult, ...]:
    """Import what is new in every source. Raises InputError where sources.yaml is wrong."""
    contacts = contacts_folder(ws)
    results = []
    for source in load_sources(contacts / SOURCES_FILE):
        for path in source.files(contacts):
            result = _pull(ws, source, path, by, via)
            if source.drop:
                _put_away(ws, contacts, path, result)
            results.append(result)
    return tuple(results)


def contacts_folder(ws: Workspace) -> Path:
    """Return the project's contacts/ folder."""
    return ws.settings.root / "contacts"


def _pull(ws: Workspace, source: Source, path: Path, by: str, via: str) -> ImportResult:
    # Each file dropped is a list of its own: only files of one fixed source can shrink.
    name = f"{source.name}/{path.stem}" if source.drop else source.name
    return take_file(
        ws,
        path,
        source.kind,
        source.columns,
        source=name,
        by=by,
        via=via,
        guard=Guard(least_share=0 if source.drop else source.least_share),
        shift=source.shift_dates_to_today,
        stated_by=source.name,
    )


def _put_away(ws: Workspace, contacts: Path, path: Path, result: ImportResult) -> None:
    if result.special_category:
        path.unlink()
        return
    folder = contacts / (REFUSED if result.state is ImportState.REFUSED else PROCESSED)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    target = folder / f"{stamp}-{result.import_id}-{path.name}"
    path.replace(target)
    target.chmod(0o600)
    if ERASED in result.quarantined_by_reason:
        forget_in_file(ws, target)


def _kind(kind: ImportKind | str) -> ImportKind:
    try:
        return ImportKind(kind)
    except ValueError:
        raise InputError(f"{kind!r} is not a kind of file; use: {', '.join(ImportKind)}") from None


def pledges_to_announce(ws: Workspace) -> Unannounced:
    """Return how many pledges no campaign was told of, whichever import brought them.

    Asked of the ledger, not of one import, so that an import which died loses no one.
    """
    with reading(ws.engine) as connection:
        return announcing.unannounced(connection)


def announced(ws: Workspace, watermark: int) -> None:
    """Note that campaigns were told of every pledge up to `watermark`."""
    with ws.engine.begin() as connection:
        announcing.announced(connection, watermark, datetime.now(UTC))
