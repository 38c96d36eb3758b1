"""Values that are missing for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from outreach.checks.sample import Finding


def check_missing(missing: Mapping[str, int], source: str) -> Iterator[Finding]:
    """Name each expression that prints nothing for somebody, its line, and for how many.

    `missing`: expression -> people; `source`: the campaign's whole file.
    """
    lines = source.split("\n")
    for expression, people in missing.items():
        who = "1 person" if people == 1 else f"{people:,} people"
        said = f"{{{{ {expression} }}}} prints nothing for {who}; {_advice(expression)}"
        places = (n for n, text in enumerate(lines, 1) if "{{" in text and expression in text)
        yield Finding("missing-value", said, line=next(places, 0))


def _advice(expression: str) -> str:
    if " or " in expression:
        return "what is known of them holds only letters that cannot be seen: mend their details"
    return f"write {{{{ {expression} or 'colleague' }}}}, or put {{% if %}} round it"
