"""Whether a file held still while it was read: one that is still being copied is not whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from outreach.errors import Fault, InputError

T = TypeVar("T")


class Unsettled(InputError):
    """The file was changed, swapped or taken away while it was read; a later pull may take it."""


class Steady:
    """Remembers how a file stands, and says when it no longer does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stood = self._standing()

    def check(self) -> None:
        """Raise Unsettled where the file is no longer what it was."""
        if self._standing() != self._stood:
            said = (
                "it was changed while it was read, as by a copy that is still under way. It is "
                "looked at again with the next pull"
            )
            raise Unsettled(Fault(said, self._path.name))

    def watching(self, parts: Iterable[T]) -> Iterator[T]:
        """Yield what is read of the file, as long as it holds still. Raises Unsettled."""
        for part in parts:
            self.check()
            yield part

    def _standing(self) -> tuple[int, ...] | None:
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns
