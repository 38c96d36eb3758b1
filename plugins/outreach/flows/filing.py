"""Where a dropped file goes once it was looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.flows.forgetting import forget_in_file
from outreach.ledger.people_merge import ERASED
from outreach.records import ImportResult, ImportState

if TYPE_CHECKING:
    from outreach.workspace import Workspace

PROCESSED = "processed"
REFUSED = "quarantine"


def put_away(ws: Workspace, contacts: Path, path: Path, result: ImportResult) -> None:
    """Move a file out of its drop folder; one with special-category columns is deleted."""
    if result.special_category:
        path.unlink()
        return
    folder = contacts / (REFUSED if result.state is ImportState.REFUSED else PROCESSED)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    target = folder / f"{stamp}-{result.import_id}-{path.name}"
    path.replace(target)
    target.chmod(0o600)
    # One that was not taken was not read for the erased either.
    if result.state is not ImportState.DONE or ERASED in result.quarantined_by_reason:
        forget_in_file(ws, target)
