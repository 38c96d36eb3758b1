"""`::: quote Ada Lee, practice nurse`: what somebody said, and who said it."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.rendering.components.base import BOX, BOX_END, Component, Label, filled


def _problem(words: str, lines: Sequence[str]) -> str:
    if not words.strip():
        return "say who said it: ::: quote Ada Lee, practice nurse in Camden"
    return (
        "" if filled(lines) else "this quote is empty; write what was said before the closing :::"
    )


def _plain(label: str, body: str) -> str:
    said = "\n".join(f"> {line}".rstrip() for line in body.split("\n"))
    return f"{said}\n>\n> {label}" if label else said


def _label(words: str) -> Label | None:
    return Label(words.strip(), "who", last=True) if words.strip() else None


QUOTE = Component(
    name="quote",
    about="What somebody said; who said it stands on the first line.",
    example="::: quote Ada Lee, practice nurse in Camden\nWe talk about it now.\n:::",
    problem=_problem,
    opening=lambda _words: f'{BOX}<td class="quote"><blockquote>\n',
    closing=f"</blockquote></td>{BOX_END}",
    plain=_plain,
    label=_label,
)
