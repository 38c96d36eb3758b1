"""The order of the message, and what those get who listen or see no images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from outreach.checks.sample import UNSUBSCRIBE, Finding, Rendered

_FILE_NAME = re.compile(r"[\w-]+\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)
_IMAGE_OF = re.compile(r"(?:an? )?(?:image|picture|photo|graphic|icon) of\b", re.IGNORECASE)
_LONG_ALT = 150


def check_structure(rendered: Rendered) -> Iterator[Finding]:
    """Judge language, title, headings, images and hidden text."""
    page = rendered.page
    if page.lang in {"", "und"}:
        said = 'the layout does not say its language; write <mjml lang="en-GB">'
        yield Finding("language", said)
    if rendered.shown.subject.strip() and not page.title:
        yield Finding("title", "the layout has no title; write <mj-title>{{ subject }}</mj-title>")
    for said in page.hidden:
        words = f"“{said[:60]}” is hidden from readers; show it, or take it out"
        yield Finding("hidden-text", words, (said,))
    yield from _headings(rendered)
    yield from _images(rendered)


def _headings(rendered: Rendered) -> Iterator[Finding]:
    found = rendered.page.headings
    first = [text for level, text in found if level == 1]
    line = rendered.campaign.body_line
    if not first:
        said = "there is no main heading; begin the text with # and a heading"
        yield Finding("headings", said, line=line)
    elif len(first) > 1:
        said = f"there are {len(first)} main headings; keep one #, and write ## for the others"
        yield Finding("headings", said, (f"# {first[1]}", first[1]))
    for (before, _), (after, text) in pairwise(found):
        if after > before + 1:
            said = f"“{text}” is a heading of level {after} after one of level {before}; "
            yield Finding("headings", f"{said}write {'#' * (before + 1)}", (text,))


def _images(rendered: Rendered) -> Iterator[Finding]:
    for image in rendered.page.images:
        alt = (image.alt or "").strip()
        if not alt:
            said = f"the image {image.src} has no text for people who cannot see it; describe it"
            yield Finding("alt-text", said, (image.src,))
        elif _FILE_NAME.fullmatch(alt) or _IMAGE_OF.match(alt):
            said = f"the image text “{alt}” does not say what the image shows; say it in words"
            yield Finding("alt-words", said, (image.src, alt))
        elif len(alt) > _LONG_ALT:
            said = (
                f"an image has {len(alt)} characters of text; say it in {_LONG_ALT}, or in the copy"
            )
            yield Finding("alt-words", said, (image.src,))


def check_identity(rendered: Rendered) -> Iterator[Finding]:
    """Judge what the law asks of every message: who writes, and how to object."""
    page, text, hub = rendered.page, rendered.shown.text, rendered.hub
    hrefs = [anchor.href for anchor in page.anchors]
    if UNSUBSCRIBE not in hrefs or UNSUBSCRIBE not in text:
        said = "there is no unsubscribe link; the layout must print {{ links.unsubscribe }}"
        yield Finding("unsubscribe", said)
    if hub.identity not in page.text or hub.identity not in text:
        said = "the message does not say who writes; the layout must print {{ hub.identity }}"
        yield Finding("identity", said)
