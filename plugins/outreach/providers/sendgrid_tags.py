"""The tags where SendGrid puts a person's values, and what keeps a value from being another tag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from outreach.errors import Rejected

MAX_SUBSTITUTIONS = 10_000
"""Bytes of one person's tags and values that SendGrid takes."""

# What SendGrid itself would replace inside a person's text.
_THEIR_TAGS = re.compile(r"<%|%>|\[(?=\s*%?\s*(?:unsubscribe|weblink)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of the slots that are really used; `mark` occurs in no value.

    `html` are the slots with a tag of their own in HTML: the others that enter HTML read the same
    there as in plain text, for each person of the batch, and share the tag of `plain`.
    """

    mark: str
    plain: tuple[int, ...]
    html: tuple[int, ...]

    def plain_tag(self, slot: int) -> str:
        """Return what stands for a slot in plain text."""
        return f"~{self.mark}p{slot}~"

    def html_tag(self, slot: int) -> str:
        """Return what stands for a slot in HTML."""
        return f"~{self.mark}h{slot}~" if slot in self.html else self.plain_tag(slot)

    def all(self) -> list[str]:
        """Return every tag."""
        return [*map(self.plain_tag, self.plain), *map(self.html_tag, self.html)]

    def must_fit(self, values: Sequence[str]) -> None:
        """Raise Rejected where SendGrid would not take a person's values."""
        texts = [inert(values[slot]) for slot in self.plain]
        texts += [inert_html(values[slot]) for slot in self.html]
        tags = sum(map(len, self.all()))
        size = tags + sum(len(text.encode("utf-8", "replace")) for text in texts)
        if size > MAX_SUBSTITUTIONS:
            raise Rejected(
                f"one person's values come to {size:,} bytes; SendGrid takes 10,000: "
                "shorten what this variant prints per person"
            )


def reads_the_same(text: str) -> bool:
    """Whether `inert` and `inert_html` both leave a text as it is."""
    return not any(letter in text for letter in "&<>\"'[")


def inert(value: str) -> str:
    """Part the characters of SendGrid's own tags, which plain text cannot escape."""
    if "[" not in value and "<%" not in value and "%>" not in value:
        return value
    return _THEIR_TAGS.sub(lambda found: " ".join(found[0]) if len(found[0]) > 1 else "[ ", value)


def inert_html(value: str) -> str:
    """Escape for HTML, square brackets too: they show as they are and are no tag."""
    return escape(value).replace("[", "&#91;")
