"""Slips of the hand in campaign copy: what Jinja and Markdown would misread, told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from outreach.errors import Fault
from outreach.headslips import MERGE, merge_marks
from outreach.rendering.structure import Source

_TAG = re.compile(r"\{%[-+]?\s*(\w+)([^%\n]*)")
_INSIDE = re.compile(r"\{\{[^{}\n]*\}?\}?|\{%[^%\n]*%?\}?")
_ENDS = {"endif": "if", "endfor": "for"}
_KNOWN = ("if", "elif", "else", "endif", "for", "endfor", "set")
_COMPARED = re.compile(r"(?<![=!<>])=(?!=)")
_CURLY = re.compile(r"[“”‘’«»]")
_CAPITALS = re.compile(r"\b(AND|OR|NOT|IN|IS)\b")
_LINES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"\{[ \t]+[{%]|[}%][ \t]+\}(?!\})"),
        "take the space out between the braces: {{ and }}, or {% and %}",
    ),
    (
        re.compile(r"(?<!\{)\{ *(?:contact|hub|edition|links|arm)\b[^{}\n]*\}"),
        "write two braces on each side: {{ contact.first_name }}",
    ),
    (
        re.compile(r"\]\( *[“”‘’\"']"),
        "take the quotes out of the link: [Read more](https://example.org)",
    ),
    (
        re.compile(r"\]\(https?://[^)\s]*\s*$"),
        "this link is not closed; end it with )",
    ),
    (
        re.compile(r"\][ \t]+\(https?://"),
        "take the space out of the link, between ] and (",
    ),
    (
        re.compile(r"^\s*[•●▪◦·][ \t]"),
        "write a hyphen and a space for each point of a list, instead of a bullet",
    ),
    (
        re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]"),
        "this line holds a hidden character; type the line again",
    ),
)


def body_slips(source: Source) -> tuple[Fault, ...]:
    """Return what readers would see as broken in a text that Jinja and Markdown both accept."""
    lines = source.text.split("\n")
    found = [source.fault(place + 1, MERGE) for place in list(merge_marks(lines))[:1]]
    if "{% raw" in source.text:
        return tuple(found)
    for number, line in enumerate(lines, 1):
        found += [source.fault(number, said) for pattern, said in _LINES if pattern.search(line)]
    return tuple(found)


def syntax_words(text: str, lineno: int, message: str) -> tuple[int, str]:
    """Return the line and the words for a text that Jinja cannot read."""
    for number, said in _likely(text):
        return number, said
    return (
        lineno,
        f"this cannot be read as a template: {message}; docs/writing.md shows what may stand here",
    )


def _likely(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in _INSIDE.finditer(line):
            if said := _inside(match[0]):
                yield number, said
    yield from _blocks(text)


def _inside(part: str) -> str:
    closing = "}}" if part.startswith("{{") else "%}"
    if not part.endswith(closing):
        return f"{part[:2]} is not closed here; end it with {closing}"
    words = re.sub(r"\"[^\"]*\"|'[^']*'", "", part)
    if _CURLY.search(words):
        return "these quotes are curly, as Word writes them; write straight ones: 'colleague'"
    if part.startswith("{%") and not part.startswith("{% set") and _COMPARED.search(words):
        return "to compare, write two equals signs: {% if contact.sector == 'Dentistry' %}"
    if capital := _CAPITALS.search(words):
        return f"write {capital[1].lower()} instead of {capital[1]}"
    return ""


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    still: list[tuple[str, int]] = []
    for match in _TAG.finditer(text):
        number, word = text.count("\n", 0, match.start()) + 1, match[1]
        if word in {"elseif", "elsif"} or (word == "else" and match[2].strip().startswith("if")):
            yield number, f"write {{% elif ... %}} instead of {{% {word}{match[2]}%}}"
        elif word in _ENDS:
            yield from _end(word, number, still)
        elif word in {"if", "for"}:
            still.append((word, number))
        elif word in {"else", "elif"} and not still:
            yield number, f"there is no {{% if %}} before this {{% {word} %}}"
        elif word not in _KNOWN and (near := get_close_matches(word, _KNOWN, n=1)):
            yield number, f"there is no {{% {word} %}}; did you mean {{% {near[0]} %}}?"
    for word, number in reversed(still):
        yield number, f"this {{% {word} %}} is never closed; add {{% end{word} %}} where it ends"


def _end(word: str, number: int, still: list[tuple[str, int]]) -> Iterator[tuple[int, str]]:
    if not still:
        yield number, f"there is no {{% {_ENDS[word]} %}} for this {{% {word} %}}; take it away"
        return
    opened, _ = still.pop()
    if opened != _ENDS[word]:
        said = f"this {{% {word} %}} stands where the {{% {opened} %}} before it is not closed yet"
        yield number, f"{said}; write {{% end{opened} %}} first"
