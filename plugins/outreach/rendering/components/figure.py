"""`::: figure 49%` and words, or `::: figure` round a picture and its caption."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.rendering.components.base import BOX, BOX_END, Component, Label, filled


def _problem(words: str, lines: Sequence[str]) -> str:
    if not filled(lines):
        said = "this figure is empty; write what the number means" if words else "this is empty"
        return f"{said}, before the closing :::"
    if not words and not any("![" in line for line in lines):
        said = "a figure is a number or a picture"
        return f"{said}; write ::: figure 49%, or put ![what it shows](assets/map.png) inside"
    return ""


def _opening(words: str) -> str:
    return f'{BOX}<td class="{"figure" if words.strip() else "picture"}">\n'


def _label(words: str) -> Label | None:
    return Label(words.strip(), "number") if words.strip() else None


def _plain(label: str, body: str) -> str:
    return f"{label} {body}" if label else body


FIGURE = Component(
    name="figure",
    about="A big number with what it means, or a picture with its caption.",
    example="::: figure 49%\nhad been harassed or discriminated against at work.\n:::",
    problem=_problem,
    opening=_opening,
    closing=f"</td>{BOX_END}",
    plain=_plain,
    label=_label,
)
