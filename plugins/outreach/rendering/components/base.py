"""What a component of campaign copy is: how it is written, what may be wrong, how it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

BOX = '<table role="presentation" class="box" width="100%"><tbody><tr>'
"""How every box opens: a table, since Outlook pads and colours only cells."""

BOX_END = "</tr></tbody></table>\n"


@dataclass(frozen=True, slots=True)
class Label:
    """The words on a component's first line: their CSS class, and whether they stand at its end."""

    text: str
    css: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of `::: name words` ... `:::`.

    `problem` is given the words and the lines inside, and returns what is wrong with them, or ''.
    `opening` is given the words, and returns HTML. `plain` joins the label and what is inside.
    """

    name: str
    about: str
    example: str
    problem: Callable[[str, Sequence[str]], str]
    opening: Callable[[str], str]
    closing: str
    plain: Callable[[str, str], str]
    label: Callable[[str], Label | None] = lambda _words: None


def filled(lines: Sequence[str]) -> bool:
    """Whether any of the lines inside a component holds something."""
    return any(line.strip() for line in lines)
