"""`::: callout important Reply by Friday`: a box that stands out."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.rendering.components.base import BOX, BOX_END, Component, Label, filled
from outreach.wording import suggest

KINDS = {"note": "Note", "important": "Important"}
"""Kind -> the word that readers see: the kind is never told by colour alone."""


def _split(words: str) -> tuple[str, str]:
    kind, _, title = words.strip().partition(" ")
    return kind, title.strip()


def _problem(words: str, lines: Sequence[str]) -> str:
    kind, _ = _split(words)
    if kind not in KINDS:
        first = f"a callout cannot be “{kind}”" if kind else "say which callout this is"
        choice = suggest(kind, KINDS) if kind else ""
        return f"{first}{choice or '; write ::: callout note or ::: callout important'}"
    return "" if filled(lines) else "this callout is empty; write its text before the closing :::"


def _opening(words: str) -> str:
    kind, _ = _split(words)
    return f'{BOX}<td class="callout {kind if kind in KINDS else "note"}">\n'


def _label(words: str) -> Label:
    kind, title = _split(words)
    return Label(f"{KINDS.get(kind, 'Note')}: {title}".strip(), "label")


def _plain(label: str, body: str) -> str:
    return label + (" " if label.endswith(":") else "\n") + body


CALLOUT = Component(
    name="callout",
    about="A box that stands out: `note`, or `important`; words after that are its title.",
    example="::: callout important Reply by Friday\nPlaces on the course are few.\n:::",
    problem=_problem,
    opening=_opening,
    closing=f"</td>{BOX_END}",
    plain=_plain,
    label=_label,
)
