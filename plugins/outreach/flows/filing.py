"""Where a dropped file goes once it was looked at."""

from __future__ import annotations

import os
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

_LONGEST = 255


def put_away(ws: Workspace, contacts: Path, path: Path, result: ImportResult) -> str:
    """Move a file out of its drop folder; one with special-category columns is deleted.

    One that is still being written stays. Return what a person should know of where it is, ''
    where it was taken. Raises OSError where it cannot be moved.
    """
    if result.unsettled:
        return ""
    if result.special_category:
        path.unlink()
        return "The file was deleted"
    folder = contacts / (REFUSED if result.state is ImportState.REFUSED else PROCESSED)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    target = folder / _fitting(f"{stamp}-{result.import_id}-", path)
    path.replace(target)
    target.chmod(0o600)
    # One that was not taken was not read for the erased either.
    if result.state is not ImportState.DONE or ERASED in result.quarantined_by_reason:
        forget_in_file(ws, target)
    return f"The file is now in contacts/{REFUSED}/" if folder.name == REFUSED else ""


def _fitting(before: str, path: Path) -> str:
    """Return a name that every disk takes: with what stands before it, it may be too long."""
    room = _LONGEST - len(os.fsencode(before + path.suffix))
    return before + os.fsencode(path.stem)[:room].decode(errors="ignore") + path.suffix
