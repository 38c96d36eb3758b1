"""`::: steps`: numbered steps, each beginning with a heading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from outreach.rendering.components.base import Component

_HEADING = re.compile(r" {0,3}#{1,6} ")


def _problem(words: str, lines: Sequence[str]) -> str:
    if words.strip():
        return "::: steps stands alone on its line; put each step's heading below it, after ###"
    first = next((line for line in lines if line.strip()), "")
    if not _HEADING.match(first):
        return "each step begins with a heading, the first one too: ### Sign up"
    return ""


def numbered(inside: Sequence[Token]) -> list[Token]:
    """Return the tokens inside `::: steps`, each heading and what follows it as one step."""
    level = min((token.level for token in inside), default=0)
    found: list[Token] = []
    number = 0
    for token in inside:
        if token.type == "heading_open" and token.level == level:
            if number:
                found.append(Token("step_close", "table", -1, block=True))
            number += 1
            found.append(Token("step_open", "table", 1, block=True, meta={"number": number}))
        found.append(token)
    if number:
        found.append(Token("step_close", "table", -1, block=True))
    return found


def step_opening(number: int) -> str:
    """Return how a step opens: its number in a cell of its own."""
    table = '<table role="presentation" class="box step" width="100%"><tbody><tr>'
    return f'{table}<td class="step-number">{number}</td><td class="step-text">\n'


STEPS = Component(
    name="steps",
    about="Numbered steps; each begins with a heading.",
    example=(
        "::: steps\n### Sign up to NHS Futures\nUse your NHS email address.\n\n"
        "### Open the framework's page\nChoose what fits your team.\n:::"
    ),
    problem=_problem,
    opening=lambda _words: "",
    closing="",
    plain=lambda _label, body: body,
)
