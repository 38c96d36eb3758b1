"""What is composed from a variant and values equals the whole pipeline run for one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.hostile.names import NAMES
from tests.rendering.conftest import EDITION, LAYOUTS, UNSUBSCRIBE, VIEW

from outreach.campaigns import Arm, Campaign, load_campaign
from outreach.domain import Organisation, Reader, Resource
from outreach.hub import Hub
from outreach.rendering import compile_campaign
from outreach.rendering.compose import message, with_links
from outreach.rendering.reference import render_for

texts = st.one_of(st.sampled_from(NAMES), st.text(max_size=12), st.just(""), st.just("Ada"))
readers = st.builds(
    Reader,
    first_name=texts,
    last_name=texts,
    job_role=texts,
    sector=st.sampled_from(["", "Dentistry", "General Practice", "*odd*"]),
    ics_area=st.sampled_from(["", "North Central London", "Kent"]),
    borough=texts,
    organisation=st.builds(Organisation, ods_code=texts, name=texts),
    arm=st.sampled_from(["a", "b", "c"]),
    pledged_on=st.none() | st.dates(date(2023, 1, 1), date(2026, 12, 31)),
)

PRINTS = (
    "contact.name",
    "contact.first_name or 'colleague'",
    "contact.first_name | upper",
    "contact.last_name | default('you', true) | title",
    "contact.pledged",
    "contact.pledged_on",
    "contact.pledged_on | london_date",
    "contact.organisation.name",
    "contact.borough | truncate(5)",
    "' in ' ~ contact.borough if contact.borough else ''",
    "contact.sector if contact.sector",
    "contact.first_name ~ ' *' ~ contact.last_name",
    "hub.name",
    "hub.survey_answers['North Central London'] | thousands",
    "hub.boroughs | listed",
    "edition.occurrence",
    "edition.date | london_day",
    "'a <b> & *c*'",
    "1 + 2",
    "contact.first_name | length + 1",
)
TESTS = (
    "contact.pledged",
    "contact.first_name",
    "not contact.borough",
    "contact.sector == 'Dentistry'",
    "contact.sector in hub.sectors",
    "contact.ics_area in hub.survey_answers and contact.pledged",
    "edition.date.year > 2025",
    "hub.boroughs | length > 3",
    "hub.boroughs | length > 9",
    "contact.pledged_on is defined",
    "contact.first_name | length > 3",
    "arm == 'b'",
)

plain = st.sampled_from(
    [
        "Hello",
        "a *b* c",
        "**bold",
        "x_y_",
        "&amp;",
        "1 < 2",
        "`tick",
        "~~gone~~",
        "[not a link]",
        "\\*",
    ]
)
printed = st.sampled_from(PRINTS).map(lambda e: "{{ " + e + " }}")
inline_if = st.builds(
    lambda test, then, other: f"{{% if {test} %}}{then}{{% else %}}{other}{{% endif %}}",
    st.sampled_from(TESTS),
    printed | plain,
    printed | plain,
)
links = st.builds(
    lambda text, url: f"[{text}]({url})",
    printed | plain,
    st.sampled_from(
        [
            "https://example.org/a?b=1&c=2",
            "{{ hub.wres_url }}",
            "{{ links.view }}",
            "{{ links.unsubscribe }}",
            "mailto:hub@example.org",
            "https://example.org/x){.button",
        ]
    ),
).map(lambda text: text.replace("{.button)", "{.button}"))
emphasised = st.builds(
    lambda mark, x: f"{mark}{x}{mark}", st.sampled_from(["*", "**", "`"]), printed
)
words = st.lists(printed | plain | inline_if | links | emphasised, min_size=1, max_size=4).map(
    " ".join
)
glued = st.lists(printed | plain, min_size=2, max_size=3).map("".join)
lines = words | glued

paragraph = lines
heading = lines.map(lambda x: f"## {x}")
quoted = lines.map(lambda x: f"> {x}")
bullets = st.lists(lines, min_size=1, max_size=3).map(lambda xs: "\n".join(f"- {x}" for x in xs))
numbers = st.lists(lines, min_size=1, max_size=3).map(lambda xs: "\n".join(f"1. {x}" for x in xs))
rows = st.lists(st.tuples(printed | plain, printed | plain), min_size=1, max_size=3)
table = rows.map(
    lambda rs: (
        "| a | {{ contact.name }} |\n|---|--:|\n" + "\n".join(f"| {x} | {y} |" for x, y in rs)
    )
)
leaf = st.one_of(paragraph, heading, quoted, bullets, numbers, table)
WORDS = "[x](https://example.org/y) about {{ contact.name }} *and*"
COMPONENTS = st.sampled_from(
    (
        "::: callout important\n{}\n:::",
        "::: callout note " + WORDS + "\n{}\n:::",
        "::: figure {{ contact.first_name }}\n{}\n:::",
        "::: figure\n![{{ contact.name }}](https://example.org/a.png) seen\n\n{}\n:::",
        "::: steps\n### {{ contact.name }}\n{}\n### Two\nDone\n:::",
        ":::: steps\n### One\n::: callout note\n{}\n:::\n::::",
        "::: quote " + WORDS + "\n{}\n:::",
        "::: area-fact\n:::\n\n{}",
        "::: resources\n:::\n\n{}",
        "{% if contact.pledged %}\n::: callout note\n{}\n:::\n{% endif %}",
    )
)
HERE = "{% for area in hub.areas if area.name == contact.ics_area %}"
LOOPS = (
    "{% for borough in hub.boroughs %}\n- {{ loop.index }} {{ borough }}: {{ contact.name }}\n"
    "{% endfor %}",
    HERE + "{{ area.survey_answers }} in {{ area.name }}{% endfor %}",
    "{% for s in hub.sectors %}{% if contact.sector == s %}{{ s }}{% endif %}{% endfor %}",
    "{% for s in [] %}x{% else %}{{ contact.name }}{% endfor %}",
    "{% for k, v in hub.survey_answers | dictsort if v > 150 %}{{ loop.last }} {{ k }}{% endfor %}",
    "{% set greeting = 'Dear ' ~ contact.first_name %}{{ greeting }}, {{ greeting | upper }}",
    "{% set a = 1 %}{% set a = a + 1 %}{{ a }}",
    "{#- a note -#}",
    "{% for area in hub.areas %}{% for s in hub.sectors if s == contact.sector %}"
    "{{ area.name }}: {{ s | lower }} {% endfor %}{% endfor %}",
    "{% for b in hub.boroughs %}{% if contact.borough == b %}{% if contact.pledged %}"
    "{{ loop.revindex }}{% else %}{{ b | title }}{% endif %}{% endif %}{% endfor %}",
    "{% set who = contact.first_name or 'you' %}{% set line = who ~ ', ' ~ hub.short_name %}"
    "> {{ line }}\n> - {{ line | upper }}\n> - [{{ who }}]({{ hub.wres_url }}){.button}",
    "- one\n  1. {{ contact.first_name }}\n     > {{ contact.borough or 'here' }}\n- two",
    "{%- if contact.pledged -%}\n# {{ contact.name }}\n{%- endif %}\n\n---\n\n![{{ hub.name }}](https://example.org/a.png)",
    "| {% if contact.pledged %}yes{% else %}{{ contact.borough }}{% endif %} | b |\n|---|---|\n| {{ contact.name }} | *{{ contact.sector }}* |",
    "{% raw %}{{ raw }}{% endraw %}",
)


RESOURCES = (
    Resource("A *guide* [x](y) <b>", "https://example.org/g?a=1&b=2", "For _all_ | of you"),
    Resource("{{ 7*7 }}", "https://example.org/h"),
)


def conditional(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda test, then, elif_test, other, last, dash: (
            f"{{%{dash} if {test} %}}\n{then}\n{{% elif {elif_test} {dash}%}}\n{other}\n"
            f"{{% else %}}\n{last}\n{{% endif %}}"
        ),
        st.sampled_from(TESTS),
        children,
        st.sampled_from(TESTS),
        children,
        children,
        st.sampled_from(["", "-"]),
    )


def several(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(children, min_size=1, max_size=3).map("\n\n".join)


def component(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda form, inside: form.replace("{}", inside), COMPONENTS, children)


bodies = st.recursive(leaf | component(leaf), lambda c: several(c) | conditional(c), max_leaves=8)
whole = st.tuples(
    bodies, st.sampled_from(LOOPS) | st.just(""), component(conditional(leaf)), leaf
).map("\n\n".join)


@pytest.fixture(scope="module")
def blank(hub: Hub) -> Campaign:
    return load_campaign(Path(LAYOUTS.parent / "campaigns" / "what-is-wres.md"), hub)


def assert_equal(campaign: Campaign, hub: Hub, reader: Reader) -> None:
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    key, values = compiled.assess(reader)
    composed = message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))
    reference = render_for(campaign, hub, LAYOUTS, reader, EDITION, UNSUBSCRIBE, VIEW)
    assert composed.subject == reference.subject
    assert composed.text == reference.text
    assert composed.html == reference.html


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(body=whole, subject=glued, preview=words, reader=readers)
@example(
    body="[{{ contact.name }}]: https://example.org\n\n[x][{{ contact.name }}]",
    subject="{{ contact.name }}",
    preview="",
    reader=Reader("*Bob*"),
)
def test_any_template_and_any_reader_compose_to_what_the_whole_pipeline_gives(
    blank: Campaign, hub: Hub, body: str, subject: str, preview: str, reader: Reader
) -> None:
    made = replace(blank, body=body, subject=subject, preview=preview, resources=RESOURCES)
    own = Arm("b", 1, "{{ arm }}: " + preview), Arm("c", 1, preview=subject)
    made = replace(made, arms=(Arm("a", 1), *own))
    assert_equal(made, hub, reader)


@pytest.mark.parametrize("sector", ["", "Dentistry", "Oceanography"])
def test_a_loop_that_the_reader_filters_stays_filtered_inside_another(
    blank: Campaign, hub: Hub, sector: str
) -> None:
    inner = "{% for s in hub.sectors if s == contact.sector %}{{ area.name }}: {{ s }} {% endfor %}"
    body = f"Dear {{{{ contact.name }}}}\n\n{{% for area in hub.areas %}}{inner}{{% endfor %}}\n"
    assert_equal(replace(blank, body=body), hub, Reader("Ann", sector=sector))
