"""What a rendered HTML document holds, read with the standard parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Anchor:
    """A link and the text that stands in it (for a picture, its alt text)."""

    href: str
    text: str = ""


@dataclass(slots=True)
class Image:
    """A picture; `alt` is None where the attribute is missing."""

    src: str
    alt: str | None


@dataclass(slots=True)
class Page:
    """The parts of a document that are judged."""

    lang: str = ""
    title: str = ""
    anchors: list[Anchor] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._anchor: Anchor | None = None
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.page.tags.add(tag)
        if tag == "html":
            self.page.lang = given.get("lang") or ""
        elif tag == "title":
            self._in_title = True
        elif tag == "a":
            self._anchor = Anchor(given.get("href") or "")
            self.page.anchors.append(self._anchor)
        elif tag == "img":
            self.page.images.append(Image(given.get("src") or "", given.get("alt")))
            self._say(given.get("alt") or "")
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.page.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._anchor = None
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, text: str) -> None:
        self.page.text += text
        if self._in_title:
            self.page.title += text
        if self._anchor is not None:
            self._anchor.text += text


def read_page(document: str) -> Page:
    """Return what stands in an HTML document."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    for anchor in reader.page.anchors:
        anchor.text = " ".join(anchor.text.split())
    reader.page.text = " ".join(reader.page.text.split())
    return reader.page
