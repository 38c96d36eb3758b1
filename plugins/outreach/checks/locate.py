"""Where in a campaign's file something stands that was found in what it renders to."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKS = re.compile(r"[*_`~>#|]+")
_SPACES = re.compile(r"\s+")
_FEWEST = 3
"""Words of a fragment that is looked for where the whole is not found."""


class Places:
    """Finds the line of a text in a campaign's file."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._plain = [_plain(line) for line in self._lines]

    def line(self, near: Sequence[str]) -> int:
        """Return the first line that holds one of `near`, or a good part of it; else 0."""
        for text in near:
            found = self._whole(text) or self._fragment(text)
            if found:
                return found
        return 0

    def _whole(self, text: str) -> int:
        if not text.strip():
            return 0
        exact = (n for n, line in enumerate(self._lines, 1) if text in line)
        plain = _plain(text)
        loose = (n for n, line in enumerate(self._plain, 1) if plain and plain in line)
        return next(exact, 0) or next(loose, 0)

    def _fragment(self, text: str) -> int:
        """Return the line of the longest beginning or end of `text`, of three words or more."""
        words = _plain(text).split()
        for length in range(len(words) - 1, _FEWEST - 1, -1):
            for part in (words[:length], words[-length:]):
                said = " ".join(part)
                for number, line in enumerate(self._plain, 1):
                    if said in line:
                        return number
        return 0


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _MARKS.sub("", text)).strip().lower()
