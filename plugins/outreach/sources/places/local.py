"""Files on this machine: one, or all that a pattern fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from outreach.errors import Fault
from outreach.sources.places.base import Copy, Found, Unreachable

_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".md")
_PATTERN = frozenset("*?[")

LINK = "a link to a file elsewhere, which is not followed; put the file itself here"
NOWHERE = "a link that leads nowhere; put the file itself here"
FOLDER = "a folder, and only files are taken; put the files in it here, and take it away"


class LocalPlace:
    """A path or pattern; one that is not absolute stands under the project's contacts/ folder.

    A link is followed only inside the folder that the path names before its pattern, and in a
    drop folder not at all: whoever may put files there may not read all that this program can.
    """

    def __init__(self, pattern: str, contacts: Path, *, drop: bool = False) -> None:
        given = Path(pattern)
        self._fixed = _PATTERN.isdisjoint(pattern)
        self._drop = drop
        self._base = Path(given.anchor) if given.is_absolute() else contacts
        parts = given.relative_to(given.anchor).parts if given.is_absolute() else given.parts
        while len(parts) > 1 and _PATTERN.isdisjoint(parts[0]):
            self._base, parts = self._base / parts[0], parts[1:]
        self._pattern = str(Path(*parts)) if parts else "."

    def look(self) -> tuple[Found, ...]:
        """Return the files that are there now, the oldest first; half-copied ones left out.

        Raises Unreachable where the path names one file and there is none.
        """
        if self._drop:
            with suppress(OSError):
                self._base.mkdir(parents=True, exist_ok=True)
        found = [*self._all()]
        if self._fixed and not found:
            said = "there is no such file; check its path in sources.yaml, or what should put it"
            raise Unreachable(Fault(f"{said} there", Path(self._pattern).name))
        return tuple(sorted(found, key=lambda one: (one.modified or _NEVER, one.name)))

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Say where the file stands: it is read where it is."""
        return Copy(Path(found.key))

    def _all(self) -> Iterator[Found]:
        for path in self._base.glob(self._pattern):
            if unfinished(path.name):
                continue
            wrong = self._wrong(path)
            if wrong or path.is_file():
                yield _found(path, wrong)

    def _wrong(self, path: Path) -> str:
        """Return why something is not taken, '' where it may be or is not ours to judge."""
        if path.is_symlink() and not self._fixed:
            if not path.exists():
                return NOWHERE
            inside = path.resolve().is_relative_to(self._base.resolve())
            if self._drop or not inside:
                return LINK
        return FOLDER if self._drop and path.is_dir() else ""


_NEVER = datetime.min.replace(tzinfo=UTC)


def _found(path: Path, wrong: str) -> Found:
    try:
        about = path.lstat() if wrong else path.stat()
    except OSError as error:
        said = f"it cannot be looked at ({error.strerror}); ask for the right to read it"
        return Found(str(path), path.name, wrong=said)
    # No mark: what was taken before is known by its content.
    changed = datetime.fromtimestamp(about.st_mtime, UTC)
    return Found(str(path), path.name, "", changed, about.st_size, wrong)


def unfinished(name: str) -> bool:
    """Whether a file of this name is still being copied, or is a program's own."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)
