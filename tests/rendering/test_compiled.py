"""Variant keys, slots, labels and the faults that only rendering can find."""

from __future__ import annotations

import json
import time
from datetime import date

import pytest
from tests.rendering.conftest import EDITION, UNSUBSCRIBE, VIEW, Compile, Write

from outreach.domain import Organisation, Reader
from outreach.errors import InputError
from outreach.hub import Hub
from outreach.rendering import EditionContext, SlotKind
from outreach.rendering.compose import message, with_links

ADA = Reader("Ada", "Lee", "GP", "Dentistry", "North Central London", "Camden")


def text_for(compiled: Compile, body: str, reader: Reader = ADA) -> str:
    made = compiled(body)
    key, values = made.assess(reader)
    text = message(made.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW)).text
    return text.partition("\n--\n")[0].strip()


def test_results_of_tests_make_the_key_and_not_the_values_they_ask(compiled: Compile) -> None:
    made = compiled("{% if contact.borough in hub.boroughs %}near{% else %}far{% endif %}")
    camden, barnet, leeds = (Reader(borough=b) for b in ("Camden", "Barnet", "Leeds"))
    assert made.key(camden) == made.key(barnet) == (True,)
    assert made.key(leeds) == (False,)


def test_a_test_that_is_not_reached_makes_no_variant(compiled: Compile) -> None:
    made = compiled(
        "{% if contact.pledged %}a{% elif contact.sector == 'Dentistry' %}b{% else %}c{% endif %}"
    )
    pledged = [Reader(sector=s, pledged_on=date(2026, 1, 1)) for s in ("Dentistry", "Optometry")]
    assert [made.key(r) for r in pledged] == [(True, ""), (True, "")]
    assert made.key(Reader(sector="Dentistry")) == (False, True)


def test_a_key_survives_json(compiled: Compile) -> None:
    made = compiled("{% if contact.pledged %}{% if contact.borough %}a{% endif %}{% endif %}b")
    key = made.key(ADA)
    again = tuple(json.loads(json.dumps(key)))
    assert again == key
    assert hash(again) == hash(key)
    assert made.render(json.loads(json.dumps(key)), EDITION) == made.render(key, EDITION)


def test_a_key_is_labelled_in_the_author_s_own_words(compiled: Compile) -> None:
    made = compiled(
        "{% if contact.pledged %}x{% endif %}{% if contact.sector == 'Dentistry' %}y{% endif %}"
    )
    label = made.label(made.key(Reader(pledged_on=date(2026, 1, 1))))
    assert label == "has pledged; sector is not Dentistry"
    assert compiled("Hello").label(()) == "everyone"


def test_the_first_two_slots_are_always_the_links(compiled: Compile) -> None:
    made = compiled("Hello {{ contact.name }}")
    assert [(s.expression, s.kind) for s in made.slots] == [
        ("links.unsubscribe", SlotKind.LINK),
        ("links.view", SlotKind.LINK),
        ("contact.name", SlotKind.VALUE),
    ]
    assert made.values(ADA) == ("", "", "Ada Lee")


def test_a_slot_names_its_words_and_its_line(compiled: Compile) -> None:
    made = compiled("Hello\n\n{{ contact.first_name  or 'you' }}")
    assert (made.slots[2].expression, made.slots[2].line) == ("contact.first_name  or 'you'", 11)


def test_the_same_expression_is_one_slot_and_a_constant_is_none(compiled: Compile) -> None:
    made = compiled("{{ contact.name }} {{ hub.name }} {{ contact.name }} {{ edition.date }}")
    assert len(made.slots) == 3


def test_values_of_a_branch_not_taken_are_not_worked_out(compiled: Compile) -> None:
    body = (
        "{% if contact.ics_area in hub.survey_answers %}"
        "{{ hub.survey_answers[contact.ics_area] }}{% endif %}"
    )
    made = compiled(body)
    assert made.values(ADA)[2] == "176"
    assert made.values(Reader(ics_area="Kent"))[2] == ""


def test_an_expression_without_a_value_is_a_fault_that_repeats_no_value(compiled: Compile) -> None:
    made = compiled("Hi\n{{ hub.survey_answers[contact.ics_area] }}")
    with pytest.raises(InputError) as caught:
        made.assess(Reader(ics_area="Canary Wharf"))
    assert "a-test.md:10: {{ hub.survey_answers[contact.ics_area] }}" in str(caught.value)
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nothing_known_prints_nothing(compiled: Compile) -> None:
    people = ["name", "first_name", "last_name", "job_role", "pledged_on"]
    places = ["sector", "ics_area", "borough", "organisation.name", "organisation.ods_code"]
    fields = [f"contact.{name}" for name in people + places]
    body = "".join(f"[{{{{ {field} }}}}]" for field in fields)
    assert text_for(compiled, body, Reader()) == "[]" * 10


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("contact.pledged", "yes"),
        ("contact.pledged_on", "3 March 2026"),
        ("contact.pledged_on | london_day", "Tuesday 3 March 2026"),
        ("contact.organisation.name | upper", "ELM & CO"),
        ("1025 | thousands", "1,025"),
        ("hub.boroughs | listed", "Barnet, Camden, Enfield, Haringey and Islington"),
        ("edition.date", "24 November 2026"),
        ("edition.occurrence", "2026-11-24"),
        ("'with ' ~ contact.borough if contact.borough", ""),
        ("contact.first_name", "*Bob* {{ 7*7 }}"),
    ],
)
def test_what_an_expression_prints(compiled: Compile, expression: str, printed: str) -> None:
    reader = Reader(
        "*Bob* {{ 7*7 }}", organisation=Organisation("A", "Elm & Co"), pledged_on=date(2026, 3, 3)
    )
    assert text_for(compiled, f"({{{{ {expression} }}}})", reader) == f"({printed})"


def test_the_edition_decides_branches_without_making_variants(compiled: Compile) -> None:
    made = compiled(
        "{% if edition.date.month == 12 %}{{ contact.name }}, it is December{% endif %}"
    )
    key, values = made.assess(ADA)
    assert key == ()
    december = EditionContext("x", date(2026, 12, 1))
    assert "Ada Lee, it is December" in message(made.render(key, december), values).text
    assert "December" not in message(made.render(key, EDITION), values).text


def test_loops_over_lists_are_unrolled_with_their_tests_in_the_key(compiled: Compile) -> None:
    body = "{% for s in hub.sectors if s == contact.sector %}You: {{ s }}{% endfor %}"
    made = compiled(body)
    assert made.key(ADA) == (False, False, True, False)
    assert text_for(compiled, body) == "You: Dentistry"


@pytest.mark.parametrize(
    "body",
    [
        "[you](https://example.org/{{ contact.name }})",
        "<https://example.org/?n={{ contact.name }}>",
        "![a](https://example.org/{{ contact.borough }}.png)",
        "See https://example.org/{{ contact.name | lower }} now",
        "[x]: https://example.org/{{ contact.name }}\n\n[x]",
    ],
)
def test_nothing_about_the_reader_may_stand_in_an_address(write: Write, body: str) -> None:
    with pytest.raises(InputError, match=r"a-test.md:11: .* about the reader into an address"):
        write("Hello\n\n" + body)


def test_an_address_pieced_together_from_branches_is_found_when_rendered(
    compiled: Compile,
) -> None:
    start = "{% if contact.pledged %}[you](https://example.org/{% else %}({% endif %}"
    made = compiled(start + "{% if contact.pledged %}{% else %} {% endif %}{{ contact.name }})")
    key = made.key(Reader("Ada", pledged_on=date(2026, 1, 1)))
    with pytest.raises(InputError, match="about the reader into an address"):
        made.render(key, EDITION)
    made.render(made.key(Reader("Ada")), EDITION)


def test_links_and_constants_may_stand_in_an_address(compiled: Compile) -> None:
    body = "[a]({{ links.view }}) [b]({{ hub.website }}) [c]({{ links.unsubscribe }})"
    assert text_for(compiled, body) == (
        f"a ({VIEW}) b (https://www.ncltraininghub.org) c ({UNSUBSCRIBE})"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ contact.name * 1000000 }}",
    ],
)
def test_an_expression_cannot_grow_without_bound(compiled: Compile, body: str) -> None:
    made = compiled(body)
    start = time.process_time()
    with pytest.raises(InputError, match="cannot be worked out"):
        message(made.render((), EDITION), made.values(ADA))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{% set a = 'ab' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}", "too long"),
        (
            "{% for a in hub.areas %}{% for b in hub.areas %}{% for c in hub.areas %}"
            "{% for d in hub.areas %}{% for e in hub.areas %}{% for f in hub.areas %}x"
            + "{% endfor %}"
            * 6,
            "too long a text",
        ),
        ("{% if contact.pledged %}" * 60 + "x" + "{% endif %}" * 60, "nested too deeply"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deeply"),
    ],
)
def test_copy_that_would_run_for_ever_is_a_fault(write: Write, body: str, says: str) -> None:
    start = time.process_time()
    with pytest.raises(InputError, match=says):
        write(body)
    assert time.process_time() - start < 5


def test_slots_that_are_empty_are_told_from_those_that_may_be(compiled: Compile) -> None:
    made = compiled(
        "{{ contact.first_name }} {{ contact.borough or '' }} {{ contact.job_role or 'you' }}"
        "{{ ' at ' ~ contact.sector if contact.sector else '' }}"
        "{% if contact.pledged %}{{ contact.last_name }}{% endif %}"
    )
    key, values = made.assess(Reader())
    assert made.empty(made.render(key, EDITION), values) == ("contact.first_name",)


def test_a_key_of_another_version_is_refused(compiled: Compile) -> None:
    with pytest.raises(InputError, match="another version"):
        compiled("{% if contact.pledged %}x{% endif %}").render((), EDITION)


def test_keys_and_values_take_microseconds(compiled: Compile) -> None:
    made = compiled(
        "Dear {{ contact.name or 'colleague' }}{% if contact.ics_area in hub.survey_answers %}"
        "{{ hub.survey_answers[contact.ics_area] }}{% endif %}{{ contact.sector | lower }}"
    )
    people = [Reader(f"N{n}", "Lee", sector="Dentistry") for n in range(20_000)]
    start = time.process_time()
    for person in people:
        made.assess(person)
    assert len(people) / (time.process_time() - start) > 50_000


def test_private_and_foreign_things_are_out_of_reach(write: Write, hub: Hub) -> None:
    for expression in (
        "hub.__class__",
        "hub._x",
        "hub.approvers",
        "hub.digest",
        "contact._reader",
        "self",
        "config",
        "contact | attr('__class__')",
        "hub.areas | map(attribute='__class__') | list",
        "links",
        "lipsum()",
    ):
        with pytest.raises(InputError):
            write("{{ " + expression + " }}")
    made_dynamic = "{% for a in hub.areas %}{{ a.__class__ }}{% endfor %}"
    with pytest.raises(InputError, match="private"):
        write(made_dynamic)


def test_a_test_of_the_hub_alone_makes_no_variant(compiled: Compile) -> None:
    test = "hub.boroughs | length > 9"
    body = (
        f"{{% if {test} %}}{{{{ contact.borough }}}}{{% else %}}{{{{ contact.name }}}}{{% endif %}}"
    )
    made = compiled(body)
    assert made.key(ADA) == ()
    assert [slot.expression for slot in made.slots[2:]] == ["contact.name"]
    assert text_for(compiled, body) == "Ada Lee"
