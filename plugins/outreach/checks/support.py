"""What of the HTML and its styles mail programs take, by a list of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks import lists
from outreach.checks.sample import Finding, Rendered

_RULE = re.compile(r"([\w-]+)\s*:")
_FETCH = re.compile(r"@import|url\(", re.IGNORECASE)


def check_support(rendered: Rendered) -> Iterator[Finding]:
    """Name each element, attribute and property that is not widely taken, once."""
    known = lists.support()
    elements: set[str] = set()
    attributes: set[str] = set()
    properties: set[str] = set()
    for element in rendered.page.elements():
        elements.add(element.tag)
        attributes |= {str(name) for name in element.keys()}  # noqa: SIM118 - an Element
        properties |= {name.lower() for name in _RULE.findall(_plain(element.get("style") or ""))}
    for kind, found, taken in (
        ("element", elements, known.elements),
        ("attribute", attributes, known.attributes),
        ("style", properties, known.properties),
    ):
        for name in sorted(found - taken):
            said = f"not every mail program takes the {kind} “{name}”; leave it out"
            yield Finding("support", f"{said}, or add it to templates/checks/support.yaml", (name,))
    if _FETCH.search(rendered.shown.html):
        said = "the styles fetch something from elsewhere; mail programs will not"
        yield Finding("support", f"{said}: take url(...) and @import out", ("url(", "@import"))


def _plain(style: str) -> str:
    return re.sub(r"url\([^)]*\)", "", style)
