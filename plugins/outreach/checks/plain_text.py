"""The plain text: whole, clean, and with the same links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.sample import UNSUBSCRIBE, VIEW, Finding, Rendered

_LEFT = (
    (re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>"), "a tag; write it in Markdown"),
    (re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});"), "an entity; type the letter itself"),
    (re.compile(r"\{[{%#].*?[}%#]\}"), "template code that did nothing; mend its brackets"),
    (
        re.compile(r"\[[^\]\n]*\]\([^)\n]*\)?"),
        "not a link that may be sent; use https:// or mailto:",
    ),
    (
        re.compile(r"(?<!\w)(?:\*\*|__)(?=\w)|(?<=\w)(?:\*\*|__)(?!\w)"),
        "a mark for bold without its pair",
    ),
    (re.compile(r"^#{1,6}\S.*$", re.MULTILINE), "a heading without a space after its #"),
    (
        re.compile(r"\{:?\s?[.#][\w-]+\s?\}"),
        "a class that nothing was given; put it right after a link",
    ),
)
_ADDRESSES = re.compile(r"(?:https?://|mailto:)\S*")


def check_plain_text(rendered: Rendered) -> Iterator[Finding]:
    """Judge what readers of plain text get."""
    if not rendered.copy.strip():
        yield Finding("text-empty", "the plain-text part is empty; write some text")
    text = rendered.shown.text
    for anchor in rendered.page.anchors:
        if anchor.href.removeprefix("mailto:") not in text and anchor.href not in (
            UNSUBSCRIBE,
            VIEW,
        ):
            said = f"the link {anchor.href} is missing from the plain text"
            near = (anchor.href,)
            yield Finding("text-links", f"{said}; the layout’s .txt file must print it", near)
    for pattern, what in _LEFT:
        # Links are looked at as they are; for the rest, addresses may hold such letters.
        copy = rendered.copy if "link" in what else _ADDRESSES.sub("", rendered.copy)
        for found in dict.fromkeys(match[0] for match in pattern.finditer(copy)):
            yield Finding("text-leftovers", f"“{found}” is {what}", (found,))
