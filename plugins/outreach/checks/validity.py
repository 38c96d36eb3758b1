"""Whether the HTML is valid: read strictly, and each element where it may stand."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from outreach.checks.sample import Finding, Rendered

_MISTAKES = {
    "adoption-agency-1.2": "tags overlap; close the inner one first",
    "adoption-agency-1.3": "tags overlap; close the inner one first",
    "duplicate-attribute": "an attribute is written twice; keep one",
    "end-tag-too-early": "a tag is closed before one inside it; close the inner one first",
    "expected-doctype-but-got-start-tag": "the document does not begin with <!DOCTYPE html>",
    "expected-named-entity": "an & begins a name that there is not; write &amp;",
    "expected-one-end-tag-but-got-another": "a tag is not closed; close it",
    "named-entity-without-semicolon": "an entity has no semicolon at its end; add it",
    "non-void-element-with-trailing-solidus": "a tag closes itself that cannot; write an end tag",
    "unexpected-end-tag": "an end tag closes nothing; take it out, or open its tag",
    "unexpected-start-tag-implies-end-tag": "a tag stands inside another of its kind; close that",
    "unexpected-start-tag-implies-table-voodoo": "text or a tag stands in a table, in no cell",
}

_PHRASES = frozenset(
    {
        *("a", "b", "br", "code", "del", "em", "i", "img", "s", "small", "span", "strong", "sub"),
        *("sup", "u"),
    }
)
_HOLDS = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", *_PHRASES), _PHRASES),
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "table": frozenset({"caption", "thead", "tbody", "tfoot", "tr"}),
    "thead": frozenset({"tr"}),
    "tbody": frozenset({"tr"}),
    "tfoot": frozenset({"tr"}),
    "tr": frozenset({"th", "td"}),
    "br": frozenset(),
    "img": frozenset(),
}
"""What each element may hold; those that are not named may hold anything."""

_NEEDS = {"a": "href", "img": "src", "html": "lang"}
_OBSOLETE = frozenset({"center", "font", "marquee", "blink", "big", "tt", "strike", "acronym"})


def check_validity(rendered: Rendered) -> Iterator[Finding]:
    """Name every mistake in the HTML, with a piece of it."""
    lines = rendered.shown.html.split("\n")
    for number, code, details in rendered.page.mistakes:
        tag = details.get("name") or details.get("expectedName") or details.get("startName") or ""
        near = lines[number - 1].strip()[:60] if 0 < number <= len(lines) else ""
        yield _finding(tag, near, _MISTAKES.get(code, code.replace("-", " ")))
    seen: set[str] = set()
    for element in rendered.page.elements():
        for what in _misplaced(element):
            yield _finding(element.tag, _words(element), what)
        name = element.get("id")
        if name and name in seen:
            yield _finding(element.tag, name, "two elements have this id; rename one")
        seen.add(name or "")


def _misplaced(element: Element) -> Iterator[str]:
    tag = element.tag
    holds = _HOLDS.get(tag)
    for child in element:
        if isinstance(child.tag, str) and holds is not None and child.tag not in holds:
            yield f"<{child.tag}> may not stand in <{tag}>; put it beside it"
    if tag in _OBSOLETE:
        yield f"<{tag}> is no part of HTML any more; use a style"
    if tag in _NEEDS and element.get(_NEEDS[tag]) is None:
        yield f"<{tag}> needs {_NEEDS[tag]}=; add it"
    if tag == "p" and not _words(element) and element.find(".//img") is None:
        yield "a paragraph is empty; something stood in it that may not, or its text is missing"
    if tag == "table" and element.get("role") != "presentation" and element.find(".//th") is None:
        yield "a table has no heading cells; add a first row with headings"


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())[:60]


def _finding(tag: str, near: str, what: str) -> Finding:
    where = " at " + (f"<{tag}>" if tag else "") + (f" “{near}”" if near else "")
    return Finding("html-valid", f"the HTML is not valid{where}: {what}", (near,))
