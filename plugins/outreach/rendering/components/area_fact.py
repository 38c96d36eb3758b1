"""`::: area-fact`: the reader's own area with its figure from hub.yaml, or all areas' figure."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.rendering.components.base import Component, filled


def _problem(words: str, lines: Sequence[str]) -> str:
    if words.strip() or filled(lines):
        said = "::: area-fact holds nothing itself: its words come from hub.yaml"
        return f"{said}; close it with ::: on the next line"
    return ""


def written_out() -> list[str]:
    """Return the copy that `::: area-fact` stands for: one of two figures."""
    own = "hub.survey_answers[contact.ics_area] | thousands"
    return [
        "{% if contact.ics_area in hub.survey_answers %}",
        f"::: figure {{{{ {own} }}}}",
        "{{ hub.area_fact.before }}{{ contact.ics_area }}{{ hub.area_fact.after }}",
        ":::",
        "{% else %}",
        "::: figure {{ hub.area_fact.answers | thousands }}",
        "{{ hub.area_fact.everywhere }}",
        ":::",
        "{% endif %}",
    ]


AREA_FACT = Component(
    name="area-fact",
    about="The figure of the reader's own area, or of all areas where we do not know it.",
    example="::: area-fact\n:::",
    problem=_problem,
    opening=lambda _words: "",
    closing="",
    plain=lambda _label, body: body,
)
