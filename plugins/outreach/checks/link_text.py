"""What links say: for people who hear them one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.document import Anchor
from outreach.checks.sample import Finding, Rendered

_VAGUE = frozenset(
    {
        *("click", "click here", "click this link", "continue", "details", "download", "email"),
        *("find out more", "follow this link", "form", "go", "here", "info", "learn more", "link"),
        *("more", "more details", "more info", "more information", "open", "page", "pdf"),
        *("read more", "read on", "see here", "see more", "start", "submit", "this", "this link"),
        *("this page", "view", "view more", "visit", "web page", "website"),
    }
)
_ENDS = " .,:;!?>»→…‹›«\"'“”‘’"
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def check_link_text(rendered: Rendered) -> Iterator[Finding]:
    """Judge the text of every link, by itself and beside the others."""
    anchors = rendered.page.anchors
    for anchor in anchors:
        yield from _one(anchor)
    yield from _same_text(anchors)


def _one(anchor: Anchor) -> Iterator[Finding]:
    if not anchor.text:
        said = f"the link to {anchor.href} has no text; say in words where it leads"
        yield Finding("link-empty", said, (anchor.href,))
    elif anchor.text.lower().strip(_ENDS) in _VAGUE:
        said = f"the link text “{anchor.text}” does not say where it leads; name the page"
        yield Finding("link-text", said, (f"[{anchor.text}]", anchor.text))
    elif _ADDRESS.fullmatch(anchor.text):
        said = f"the link text “{anchor.text}” is a bare address; say in words where it leads"
        yield Finding("link-text", said, (anchor.text,))


def _same_text(anchors: list[Anchor]) -> Iterator[Finding]:
    targets: dict[str, set[str]] = {}
    for anchor in anchors:
        if anchor.text:
            targets.setdefault(anchor.text.lower().strip(_ENDS), set()).add(anchor.href)
    for text, hrefs in targets.items():
        if len(hrefs) > 1 and text not in _VAGUE:
            said = (
                f"{len(hrefs)} links all say “{text}” and lead to different pages; tell them apart"
            )
            yield Finding("link-text", said, (text,))
