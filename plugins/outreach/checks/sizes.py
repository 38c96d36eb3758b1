"""How large a message may be, and its lines, and one person's values."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from outreach.checks.sample import Finding, Rendered

MAX_HTML = 102 * 1024
"""Octets; Gmail cuts a longer message off, the unsubscribe link with it."""

MAX_LINE = 998
"""Octets of one line (RFC 5322)."""

MAX_SLOT_BYTES = 4_000
"""Octets of one person's values, in plain and escaped form together."""


def slot_bytes(values: Sequence[str]) -> int:
    """Return the octets that one person's values need, plain and escaped together."""
    return sum(len(v.encode()) + len(html.escape(v).encode()) for v in values)


def check_sizes(rendered: Rendered) -> Iterator[Finding]:
    """Judge the HTML's size, the length of lines, and the values, of the longest reader too."""
    size = max(len(real.html.encode()) for real in rendered.real)
    if size > MAX_HTML:
        said = f"the HTML has {size // 1024} KB; over {MAX_HTML // 1024} KB is cut off: shorten it"
        yield Finding("html-size", said)
    yield from _lines(rendered, "HTML", [real.html for real in rendered.real])
    yield from _lines(rendered, "plain text", [real.text for real in rendered.real])
    size = max(slot_bytes(values) for values in rendered.values)
    if size > MAX_SLOT_BYTES:
        said = f"one person's values need {size} bytes, over {MAX_SLOT_BYTES}"
        yield Finding("slot-bytes", f"{said}; print less about the reader")


def _lines(rendered: Rendered, part: str, texts: Sequence[str]) -> Iterator[Finding]:
    every = [line for text in texts for line in text.split("\n")]
    longest = max(every, key=lambda line: len(line.encode()))
    size = len(longest.encode())
    if size > MAX_LINE:
        said = f"a line of the {part} has {size} bytes, over {MAX_LINE}; break its paragraph in two"
        shown = rendered.shown.text.split("\n")
        near = max(shown, key=len)[:60]
        yield Finding("line-length", said, (near,))
