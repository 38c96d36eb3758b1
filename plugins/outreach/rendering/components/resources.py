"""`::: resources`: the list of resources, from the file's own fields or a reader's digest."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.rendering.components.base import Component, filled


def _problem(words: str, lines: Sequence[str]) -> str:
    if words.strip() or filled(lines):
        said = "::: resources holds nothing itself: the list comes from the field resources"
        return f"{said}; close it with ::: on the next line"
    return ""


def written_out() -> list[str]:
    """Return the copy that `::: resources` stands for: a loop over `resources`."""
    return [
        "::: resources",
        "{% for resource in resources %}",
        "- [{{ resource.title }}]({{ resource.url }}){.resource}{% if resource.summary %}\\",
        "  {{ resource.summary }}{% endif +%}",
        "{% endfor %}",
        ":::",
    ]


RESOURCES = Component(
    name="resources",
    about="The list in the field `resources`, or in a digest what is new to each reader.",
    example="::: resources\n:::",
    problem=_problem,
    opening=lambda _words: "",
    closing="",
    plain=lambda _label, body: body,
)
