"""One hostile file, and what has to become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """A file that `make` makes at a path ending in `name`.

    `said` is in the refusal. Where a file is taken all the same, `said` is "", and `accepted`
    and `reasons` tell what came of its rows.
    """

    about: str
    name: str
    make: Callable[[Path], object]
    said: str = ""
    accepted: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    kind: str = "contacts"
    grows: bool = False
    """Whether something goes on writing to the file while it is read."""


def holding(content: bytes | str, encoding: str = "utf-8") -> Callable[[Path], object]:
    """Return what writes a file that holds this."""
    raw = content.encode(encoding) if isinstance(content, str) else content
    return lambda path: path.write_bytes(raw)
