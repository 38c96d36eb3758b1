"""Copy with sentinels in it -> Content: Markdown, layout, inlining, then the cut."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from outreach.hub import Hub
from outreach.providers.base import Content
from outreach.rendering.layout import Layout, LayoutParts
from outreach.rendering.markdown import parse, to_html
from outreach.rendering.plain import to_plain
from outreach.rendering.sentinels import Fill, Sentinels


@dataclass(frozen=True, slots=True)
class Marked:
    """A campaign's three texts with sentinels where values will stand."""

    subject: str
    preview: str
    body: str


def one_line(text: str) -> str:
    """Return `text` on one line with single spaces."""
    return " ".join(text.split())


def assemble(
    marked: Marked,
    sentinels: Sentinels,
    layout: Layout,
    hub: Hub,
    why: str,
    links: tuple[Fill, Fill],
    images: Callable[[Sequence[Token]], None],
) -> Content:
    """Return the finished content. `links` fill the layout's unsubscribe and view links.

    `images` gives the images of the tokens their addresses and sizes.
    """
    tokens = parse(marked.body)
    images(tokens)
    subject = one_line(marked.subject)
    html_parts = LayoutParts(
        hub=hub,
        subject=subject,
        preview=one_line(marked.preview),
        why=why or hub.why,
        unsubscribe=sentinels.mark(links[0]),
        view=sentinels.mark(links[1]),
        body=to_html(tokens),
    )
    text_parts = LayoutParts(
        hub=hub,
        subject=subject,
        preview="",
        why=html_parts.why,
        unsubscribe=html_parts.unsubscribe,
        view=html_parts.view,
        body=to_plain(tokens),
    )
    return Content(
        subject=sentinels.cut(subject, _as_is),
        text=sentinels.cut(layout.to_text(text_parts), _as_is),
        html=sentinels.cut(layout.to_html(html_parts), html.escape),
    )


def _as_is(text: str) -> str:
    return text
