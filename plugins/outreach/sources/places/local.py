"""Files on this machine: one, or all that a pattern fits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from outreach.errors import Fault
from outreach.sources.places.base import Copy, Found, Unreachable

_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".md")


class LocalPlace:
    """A path or pattern; one that is not absolute stands under the project's contacts/ folder."""

    def __init__(self, pattern: str, contacts: Path) -> None:
        self._pattern = Path(pattern)
        self._contacts = contacts

    def look(self) -> tuple[Found, ...]:
        """Return the files that are there now, the oldest first; half-copied ones left out."""
        pattern = self._pattern
        base = Path(pattern.anchor) if pattern.is_absolute() else self._contacts
        relative = str(pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern)
        paths = [p for p in base.glob(relative) if p.is_file() and not unfinished(p.name)]
        found = [_found(path) for path in paths]
        return tuple(sorted(found, key=lambda one: (one.modified, one.name)))

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Say where the file stands: it is read where it is."""
        return Copy(Path(found.key))


def _found(path: Path) -> Found:
    try:
        about = path.stat()
    except OSError as error:
        said = f"it cannot be looked at ({error.strerror}); ask for the right to read it"
        raise Unreachable(Fault(said, path.name)) from None
    # No mark: what was taken before is known by its content.
    changed = datetime.fromtimestamp(about.st_mtime, UTC)
    return Found(str(path), path.name, "", changed, about.st_size)


def unfinished(name: str) -> bool:
    """Whether a file of this name is still being copied, or is a program's own."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)
