"""Stand-ins for values on their way through Markdown, MJML and the CSS inliner."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from outreach.providers.base import Pieces

Fill = int | str
"""What replaces a sentinel: a slot's index, or a text that is the same for everyone."""


class Sentinels:
    """The sentinels of one rendering: random, so that no text can hold one by itself.

    Each printing gets its own, all of one length, made of letters and digits and beginning
    with a letter, so that it reads as a plain word in Markdown, HTML and CSS.
    """

    def __init__(self) -> None:
        self._token = f"zq{secrets.token_hex(10)}"
        self._fills: list[Fill] = []
        self._pattern = re.compile(f"{self._token}(\\d{{5}})x")
        self._near_address = re.compile(
            rf"(?:https?://|mailto:|www\.)[^\s<>\"]*?{self._token}(\d{{5}})x", re.IGNORECASE
        )

    def mark(self, fill: Fill) -> str:
        """Return a new sentinel that stands for `fill`."""
        self._fills.append(fill)
        return f"{self._token}{len(self._fills) - 1:05d}x"

    def slots_in(self, text: str) -> list[int]:
        """Return the slots whose sentinels stand in `text`."""
        fills = [self._fills[int(number)] for number in self._pattern.findall(text)]
        return [fill for fill in fills if isinstance(fill, int)]

    def slots_in_addresses(self, text: str) -> list[int]:
        """Return the slots that stand inside a web or mail address written out in `text`."""
        found = [match.group(0) for match in self._near_address.finditer(text)]
        return [slot for address in found for slot in self.slots_in(address)]

    def cut(self, text: str, escape: Callable[[str], str]) -> Pieces:
        """Return `text` cut at its sentinels; a fill that is a text enters through `escape`."""
        parts = self._pattern.split(text)
        literals, slots = [parts[0]], []
        for number, literal in zip(parts[1::2], parts[2::2], strict=True):
            fill = self._fills[int(number)]
            if isinstance(fill, int):
                slots.append(fill)
                literals.append(literal)
            else:
                literals[-1] += escape(fill) + literal
        return Pieces(tuple(literals), tuple(slots))
