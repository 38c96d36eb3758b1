"""Components: what each becomes, and how what is wrong with one is told."""

from __future__ import annotations

import html5lib
import pytest
from tests.rendering.conftest import EDITION, UNSUBSCRIBE, VIEW, Compile, Write

from outreach.domain import Reader
from outreach.errors import InputError
from outreach.hub import Hub
from outreach.rendering import Compiled
from outreach.rendering.components import COMPONENTS
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.markdown import parse
from outreach.rendering.plain import to_plain


def sent(compiled: Compiled, reader: Reader) -> Message:
    key, values = compiled.assess(reader)
    return message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("::: callout note\nPlaces are few.\n:::", "Note: Places are few."),
        ("::: callout important By Friday\nBook.\n:::", "Important: By Friday\nBook."),
        ("::: figure 49%\nof them\n\nToo many\n:::", "49% of them\n\nToo many"),
        ("::: figure\n![A map](https://a.example/m.png)\n\nLondon\n:::", "[A map]\n\nLondon"),
        ("::: steps\n### Go\nNow\n\n### Rest\n:::", "1. Go\n\n   Now\n\n2. Rest"),
        ("::: quote Ada Lee\nWell.\n\nYes.\n:::", "> Well.\n>\n> Yes.\n>\n> Ada Lee"),
        (":::: steps\n### A\n::: callout note\nB\n:::\n::::", "1. A\n\n   Note: B"),
    ],
)
def test_what_a_component_becomes_in_the_text_part(written: str, text: str) -> None:
    assert to_plain(parse(written)) == text


WITH_RESOURCES = (
    'A test"\nresources:\n'
    "  - title: 'The *guide* [x](http://y.example)'\n    url: https://a.example/b?c=1&d=2\n"
    "    summary: For <b>all</b>\n"
    '  - title: Other\n    url: https://a.example/\n    kind: "Course'
)
"""Stands in the head where the preview does."""


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_example_of_every_component_is_right_and_makes_valid_html(
    compiled: Compile, name: str
) -> None:
    made = compiled(f"# Title\n\n{COMPONENTS[name].example}\n", preview=WITH_RESOURCES)
    parser = html5lib.HTMLParser()
    parser.parse(sent(made, Reader("Ada")).html)
    assert parser.errors == []


def test_the_kind_of_a_callout_is_told_in_words_not_by_colour_alone(compiled: Compile) -> None:
    both = sent(compiled("::: callout important\nReply.\n:::"), Reader())
    for part in (both.text, both.html):
        assert "Important:" in part


def test_each_reader_gets_the_figure_of_their_own_area(compiled: Compile, hub: Hub) -> None:
    made = compiled("# T\n\n::: area-fact\n:::\n\nAnd on.")
    for area in hub.areas:
        text = sent(made, Reader(ics_area=area.name)).text
        assert f"{area.survey_answers} people in {area.name} answered" in text
        assert "\n\nAnd on." in text
    for unknown in ("", "Kent"):
        assert "1,025 people across London answered" in sent(made, Reader(ics_area=unknown)).text


def test_a_resource_s_words_are_never_markdown(compiled: Compile) -> None:
    both = sent(compiled("::: resources\n:::\n", preview=WITH_RESOURCES), Reader())
    assert (
        "- The *guide* [x](http://y.example): https://a.example/b?c=1&d=2\n  For <b>all</b>\n"
        "- Other: https://a.example/\n" in both.text
    )
    assert 'href="https://a.example/b?c=1&amp;d=2"' in both.html
    assert "For &lt;b&gt;all&lt;/b&gt;" in both.html
    assert 'href="http://y.example"' not in both.html


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("::: calout note\nx\n:::", 9, "no component “calout”; did you mean “callout”?"),
        ("::: callout\nx\n:::", 9, "write ::: callout note or ::: callout important"),
        ("::: callout urgent\nx\n:::", 9, "cannot be “urgent”; choose from: note, important"),
        ("::: callout {{ contact.sector }}\nx\n:::", 9, "a callout cannot be"),
        ("Hi\n\n::: callout note\nx\n", 11, "callout that opens here is never closed"),
        ("Hi\n:::\n", 10, "nothing here for this ::: to close; take it away"),
        ("::: figure\nx\n:::", 9, "write ::: figure 49%, or put"),
        ("::: figure 49%\n:::", 9, "write what the number means"),
        ("::: quote\nx\n:::", 9, "say who said it: ::: quote Ada Lee"),
        ("::: quote Ada\n\n:::", 9, "this quote is empty"),
        ("::: steps\nx\n### A\n:::", 9, "each step begins with a heading"),
        ("::: steps now\n### A\n:::", 9, "stands alone on its line"),
        ("::: resources\n:::", 9, "add the field resources"),
        ("::: resources\nx\n:::", 9, "close it with ::: on the next line"),
        ("::: area-fact\nx\n:::", 9, "its words come from hub.yaml"),
        (":: callout note\nx", 9, "begins with three colons: ::: callout note"),
        ("  ::: callout note\nx\n:::", 9, "take the spaces away before :::"),
        ("::: steps\n### A\n::: callout note\nx\n:::\n:::", 11, "inside the steps of line 9"),
        (
            "::: callout note\n{% if contact.pledged %}\nx\n:::\n{% endif %}",
            12,
            "closes the callout of line 9 inside {% if %}",
        ),
        (
            "{% if contact.pledged %}\n::: callout note\n{% else %}\nx\n:::\n{% endif %}",
            10,
            "still open at {% else %} on line 11",
        ),
        (
            "::: callout {% if contact.pledged %}note{% else %}important{% endif %}\nx\n:::",
            9,
            "a line that begins with ::: cannot hold {% %}",
        ),
    ],
)
def test_what_is_wrong_with_a_component_is_told_with_its_line(
    write: Write, body: str, line: int, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        write(f"{body}\n")
    first = caught.value.faults[0]
    assert first.line == line
    assert words in first.message


def test_a_fault_after_a_component_that_is_written_out_keeps_its_line(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        write("::: area-fact\n:::\n\n{{ contact.frist_name }}\n")
    (fault,) = caught.value.faults
    assert fault.line == 12
    assert "first_name" in fault.message


def test_colons_in_code_and_in_words_are_no_component(compiled: Compile) -> None:
    text = sent(compiled("```\n::: nothing\n```\n\nAt 10:::30\n"), Reader()).text
    assert "::: nothing" in text
    assert "At 10:::30" in text


def test_conditions_and_loops_work_inside_and_round_components(compiled: Compile) -> None:
    made = compiled(
        "::: callout note\n{% if contact.pledged %}\nThank you.\n{% else %}\nSign.\n{% endif %}\n:::"
        "\n\n{% for b in hub.boroughs %}\n::: figure {{ loop.index }}\n{{ b }}\n:::\n{% endfor %}\n"
    )
    text = sent(made, Reader()).text
    assert "Note: Sign." in text
    assert "2 Camden" in text
