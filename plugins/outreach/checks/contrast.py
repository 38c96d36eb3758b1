"""Contrast of the finished email, in light and dark, worked out from its own colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import css_inline
from lxml import html as lxml_html

from outreach.checks.sample import Finding, Rendered
from outreach.colours import contrast

LEAST, LEAST_LARGE = 4.5, 3.0
"""Ratios (WCAG 2.2 AA): of text, and of text from 24 px, or from 18.66 px in bold."""

_INLINER = css_inline.CSSInliner(keep_at_rules=False, load_remote_stylesheets=False)
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{")
_RULE = re.compile(r"([\w-]+)\s*:\s*([^;]+)")
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)[^)]*\)", re.IGNORECASE)
_PIXELS = re.compile(r"([\d.]+)(px|pt|em|rem|%)?")
_NAMED = {
    "black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000",
    "blue": "#0000ff", "yellow": "#ffff00", "gray": "#808080", "grey": "#808080",
    "navy": "#000080", "maroon": "#800000", "purple": "#800080", "teal": "#008080",
    "silver": "#c0c0c0", "orange": "#ffa500",
}  # fmt: skip
_KEPT = frozenset({"transparent", "inherit", "initial", "currentcolor", "none", "unset", ""})


@dataclass(frozen=True, slots=True)
class _Look:
    """How text looks at one place: its colour, its ground, its size in px, and its weight."""

    colour: str = "#000000"
    ground: str = "#ffffff"
    size: float = 16.0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Faint:
    """Text that stands out too little, or whose colour cannot be judged (`ratio` 0)."""

    text: str
    colour: str
    ground: str
    ratio: float
    needed: float


def check_contrast(rendered: Rendered) -> Iterator[Finding]:
    """Judge every text of the message on the ground that it stands on, in both schemes."""
    for scheme, document in (
        ("light", rendered.shown.html),
        ("dark", in_the_dark(rendered.shown.html)),
    ):
        told: set[tuple[str, str]] = set()
        for faint in faint_texts(document):
            pair = (faint.colour, faint.ground)
            if pair not in told:
                told.add(pair)
                yield Finding(f"contrast-{scheme}", _words(scheme, faint), (faint.text,))


def in_the_dark(document: str) -> str:
    """Return the document as a device in dark mode shows it: its dark rules applied to all."""
    rules = "".join(_blocks(document))
    if not rules:
        return document
    return str(_INLINER.inline(f"<style>{rules}</style>".join(_halves(document))))


def faint_texts(document: str) -> Iterator[Faint]:
    """Yield every text of an inlined document that stands out too little from its ground."""
    body = lxml_html.document_fromstring(document).find("body")
    if body is not None:
        yield from _walk(body, _Look())


def _halves(document: str) -> tuple[str, str]:
    head, end, rest = document.partition("</head>")
    return (head, end + rest) if end else ("", document)


def _blocks(document: str) -> Iterator[str]:
    """Yield what stands between the braces of each rule for dark mode."""
    for match in _DARK.finditer(document):
        depth, place = 1, match.end()
        while depth and place < len(document):
            depth += {"{": 1, "}": -1}.get(document[place], 0)
            place += 1
        yield document[match.end() : place - 1]


def _walk(element: lxml_html.HtmlElement, look: _Look) -> Iterator[Faint]:
    rules = {n.lower(): v.strip() for n, v in _RULE.findall(element.get("style") or "")}
    if rules.get("display", "").startswith("none"):
        return
    look = _looks(element, rules, look)
    own = (element.text or "").strip()
    if own:
        yield from _judged(own, look)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in {"style", "script"}:
            yield from _walk(child, look)
        if tail := (child.tail or "").strip():
            yield from _judged(tail, look)


def _looks(element: lxml_html.HtmlElement, rules: dict[str, str], look: _Look) -> _Look:
    look = replace(look, ground=_read(element.get("bgcolor"), look.ground))
    for name in ("background", "background-color"):
        look = replace(look, ground=_read(rules.get(name), look.ground))
    if element.tag == "a" and "color" not in rules:
        look = replace(look, colour="#0000ee")
    look = replace(look, colour=_read(rules.get("color"), look.colour))
    if element.tag in {"b", "strong", "th", "h1", "h2", "h3", "h4"}:
        look = replace(look, bold=True)
    if weight := rules.get("font-weight"):
        look = replace(look, bold=weight.startswith(("bold", "6", "7", "8", "9")))
    return replace(look, size=_size(rules.get("font-size"), look.size))


def _judged(text: str, look: _Look) -> Iterator[Faint]:
    text = " ".join(text.split())[:60]
    if not (_HEX.fullmatch(look.colour) and _HEX.fullmatch(look.ground)):
        yield Faint(text, look.colour, look.ground, 0.0, LEAST)
        return
    needed = LEAST_LARGE if look.size >= (18.66 if look.bold else 24.0) else LEAST
    ratio = contrast(look.colour, look.ground)
    if ratio < needed:
        yield Faint(text, look.colour, look.ground, ratio, needed)


def _read(written: str | None, inherited: str) -> str:
    """Return a colour as #rrggbb; as written where it cannot be read."""
    first = (written or "").replace("!important", "").strip().lower()
    if first in _KEPT:
        return inherited
    if found := _HEX.search(first):
        digits = found[1]
        return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))
    if found := _RGB.search(first):
        return "#" + "".join(f"{min(int(n), 255):02x}" for n in found.groups())
    return _NAMED.get(first.split()[0], first)


def _size(written: str | None, inherited: float) -> float:
    found = _PIXELS.match(written or "")
    if not found:
        return inherited
    number, unit = float(found[1]), found[2]
    scale = {"pt": 4 / 3, "em": inherited, "rem": 16.0, "%": inherited / 100}
    return number * scale.get(unit or "px", 1.0)


def _words(scheme: str, faint: Faint) -> str:
    start = f"{scheme}: “{faint.text}”, {faint.colour} on {faint.ground},"
    if not faint.ratio:
        return f"{start} cannot be judged; write its colours as #rrggbb"
    return (
        f"{start} is too faint ({faint.ratio:.1f} to 1, {faint.needed:g} to 1 needed); "
        "choose colours further apart, in hub.yaml or in the layout"
    )
