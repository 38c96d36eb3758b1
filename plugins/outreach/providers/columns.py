"""One text of each person of a batch: what is done to it is done to all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

BETWEEN = "\x7f"
"""Stands between the texts of a column: neither a space nor a letter, and written as it is by HTML,
JSON and UTF-8. No value that was made inert holds it."""

PRINTABLE = bytes(range(0x20, 0x7F))
_ORDINARY = PRINTABLE.translate(None, b"&<>\"'\\[")
"""What HTML, JSON and SendGrid all leave as it is."""


class Column:
    """One text of each person of a batch."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    @cached_property
    def joined(self) -> str:
        """All texts, one after the other."""
        return BETWEEN.join(self.texts)

    @cached_property
    def ordinary(self) -> bool:
        """Whether there is nothing in it that HTML, JSON or SendGrid could take for its own."""
        return self.only(_ORDINARY)

    def only(self, letters: bytes) -> bool:
        """Whether all texts are made of these ASCII characters, `BETWEEN` not being one."""
        within = letters + BETWEEN.encode()
        return (
            self._apart
            and self.joined.isascii()
            and not self.joined.encode().translate(None, within)
        )

    def begins(self, start: str) -> bool:
        """Whether each text begins with `start`."""
        after = self.joined.count(BETWEEN + start)
        return self._apart and self.joined.startswith(start) and after == len(self.texts) - 1

    @cached_property
    def longest(self) -> int:
        """Characters of the longest text."""
        return max(map(len, self.texts), default=0)

    @cached_property
    def _apart(self) -> bool:
        return self.joined.count(BETWEEN) == len(self.texts) - 1

    def changed(self, change: Callable[[str], str]) -> Column:
        """Return the column of `change` of each text, as the Latin-1 reading of its UTF-8 bytes.

        `change` leaves what is `ordinary` as it is, and `BETWEEN` too, and does the same to a
        text whatever stands beyond a `BETWEEN`. Half a surrogate pair is a question mark.
        """
        if self.ordinary:
            return self
        if self._apart:
            return Column(utf8_letters(change(self.joined)).split(BETWEEN))
        return Column([utf8_letters(change(text)) for text in self.texts])


def utf8_letters(text: str) -> str:
    """Return the Latin-1 reading of a text's UTF-8 bytes: to join and encode it is to copy it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("latin-1")
