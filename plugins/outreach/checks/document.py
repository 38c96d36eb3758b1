"""A rendered HTML document, read as a browser reads it, with every mistake a browser mends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from tinyhtml5.parser import HTMLParser

_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_TINY = re.compile(r"font-size\s*:\s*[01](?:px|pt)?\s*(?:;|$)", re.IGNORECASE)
_HEADING = re.compile(r"h[1-6]")
_INLINE = frozenset({"a", "b", "code", "del", "em", "i", "s", "span", "strong", "sub", "sup", "u"})


@dataclass(slots=True)
class Anchor:
    """A link and the text that stands in it (for a picture, its alt text)."""

    href: str
    text: str


@dataclass(slots=True)
class Image:
    """A picture; `alt` is None where the attribute is missing."""

    src: str
    alt: str | None


@dataclass(slots=True)
class Document:
    """The parts of a document that are judged.

    `mistakes` are (line, the parser's word for it, its details); `preview` is the hidden text
    that stands first; `hidden` every other text that is hidden; `text` what readers see.
    """

    root: Element
    mistakes: list[tuple[int, str, dict[str, str]]]
    lang: str = ""
    title: str = ""
    preview: str = ""
    hidden: list[str] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    text: str = ""

    def elements(self) -> Iterator[Element]:
        """Yield every element, comments left out."""
        return (one for one in self.root.iter() if isinstance(one.tag, str))


def read_document(html: str) -> Document:
    """Return what stands in an HTML document."""
    parser = HTMLParser(namespace_html_elements=False)
    root = parser.parse(html)
    mistakes = [(place[0], code, details) for place, code, details in parser.errors]
    found = Document(root, mistakes, lang=root.get("lang") or "")
    found.title = _said(root.find("head/title"))
    words: list[str] = []
    body = root.find("body")
    if body is not None:
        _walk(body, found, words)
    found.text = " ".join("".join(words).split())
    return found


def visible(element: Element) -> str:
    """Return an element's text on one line; of images, their alternative text."""
    parts: list[str] = []
    _gather(element, parts)
    return " ".join("".join(parts).split())


def _said(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _gather(element: Element, parts: list[str]) -> None:
    if element.tag == "img":
        parts.append(element.get("alt") or "")
    parts.append(element.text or "")
    for child in element:
        if isinstance(child.tag, str):
            _gather(child, parts)
        parts.append(child.tail or "")


def _walk(element: Element, found: Document, words: list[str]) -> None:
    style = element.get("style") or ""
    if _HIDDEN.search(style) or (_TINY.search(style) and not len(element)):
        _hide(element, found)
        return
    _note(element, found)
    words.append(("" if element.tag in _INLINE else " ") + (element.text or ""))
    for child in element:
        if isinstance(child.tag, str) and child.tag != "style":
            _walk(child, found, words)
        words.append(child.tail or "")


def _hide(element: Element, found: Document) -> None:
    said = _said(element)
    if not said:
        return
    if not found.preview and not found.anchors and not found.headings:
        found.preview = said
    else:
        found.hidden.append(said)


def _note(element: Element, found: Document) -> None:
    if element.tag == "a":
        found.anchors.append(Anchor(element.get("href") or "", visible(element)))
    elif element.tag == "img":
        found.images.append(Image(element.get("src") or "", element.get("alt")))
    elif _HEADING.fullmatch(element.tag):
        found.headings.append((int(element.tag[1]), visible(element)))
