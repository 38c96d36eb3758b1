"""A digest's copy: what is composed for a set of resources equals the pipeline for one person."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.hostile.names import NAMES
from tests.rendering.conftest import EDITION, LAYOUTS, UNSUBSCRIBE, VIEW, Write
from tests.rendering.test_equal_to_reference import readers, texts

from outreach.campaigns import Campaign, load_campaign
from outreach.checks.document import read_document
from outreach.digest import Chooser, Digest, Listed
from outreach.domain import Reader, Resource
from outreach.errors import InputError
from outreach.hub import Hub
from outreach.rendering import compile_campaign
from outreach.rendering.carrying import not_shown
from outreach.rendering.compose import message, with_links
from outreach.rendering.reference import render_for

SHIPPED = Path(LAYOUTS.parent / "campaigns" / "new-framework-resources.md")
LOOPS = (
    "{% for resource in resources %}\n{{ loop.index }}. [{{ resource.title }}]({{ resource.url }})"
    "{{ ', ' ~ resource.kind if resource.kind else '' }} for {{ contact.name }}\n{% endfor %}",
    "{% for one in resources %}{% if contact.pledged %}\n## [{{ one.title }}]({{ one.url }}) "
    "{{ one.published | london_date }}\n{% elif one.summary %}\n{{ one.title | upper }}: "
    "{{ one.url }}\n{% endif %}{% else %}none{% endfor %}",
    "{{ resources | length }} new, {{ (resources | first).title }} first",
    "{% for r in resources | reverse if r.kind == contact.sector %}{{ r.title }}\n{% endfor %}",
)
SECTORS, AREAS = ("Dentistry", "Optometry"), ("North", "South")
paths = st.text("abc/?&=-", max_size=8)
resources = st.builds(
    Resource,
    title=texts.map(lambda text: text or "Guide"),
    url=paths.map(lambda path: f"https://example.org/{path}"),
    summary=texts,
    kind=st.sampled_from(["", "video", *SECTORS]),
    published=st.sampled_from([None, date(2026, 3, 2)]),
)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


@st.composite
def lists(draw: st.DrawFn) -> tuple[Listed, ...]:
    """Up to six resources, the newest first."""
    found = draw(st.lists(st.tuples(resources, some(SECTORS), some(AREAS)), max_size=6))
    return tuple(Listed(number, *one) for number, one in enumerate(found))


@pytest.fixture(scope="module")
def digest(hub: Hub) -> Campaign:
    return load_campaign(SHIPPED, hub)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(
    listed=lists(),
    told=st.sets(st.integers(0, 5)),
    reader=readers,
    sector=st.sampled_from(["", *SECTORS]),
    area=st.sampled_from(["", *AREAS]),
    most=st.integers(1, 4),
    loop=st.sampled_from(LOOPS),
)
def test_any_resources_and_any_reader_compose_to_what_the_whole_pipeline_gives(
    digest: Campaign,
    hub: Hub,
    listed: tuple[Listed, ...],
    told: set[int],
    reader: Reader,
    sector: str,
    area: str,
    most: int,
    loop: str,
) -> None:
    reader = replace(reader, sector=sector, ics_area=area)
    chooser = Chooser(Digest(most), listed, {b"ann": frozenset(told)})
    chosen = [one.shown for one in chooser.choose(reader, b"ann")]
    assert (
        chosen
        == [
            one.shown
            for one in listed
            if one.id not in told
            and (one.sectors == () or sector in one.sectors)
            and (one.ics_areas == () or area in one.ics_areas)
        ][:most]
    )
    if not chosen:
        return
    campaign = replace(digest, body=f"Dear {{{{ contact.name }}}},\n\n{loop}\n", subject="New")
    compiled = compile_campaign(campaign, hub, LAYOUTS, chosen)
    key, values = compiled.assess(reader)
    composed = message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))
    reference = render_for(campaign, hub, LAYOUTS, reader, EDITION, UNSUBSCRIBE, VIEW, chosen)
    assert composed == reference


@pytest.mark.parametrize("words", NAMES[::6])
def test_a_hostile_title_or_summary_is_inert(digest: Campaign, hub: Hub, words: str) -> None:
    made = {}
    for name, title in (("tame", "x"), ("hostile", words)):
        one = Resource(title, "https://example.org/a?b=1&c=2", title, "guide", date(2026, 3, 2))
        compiled = compile_campaign(digest, hub, LAYOUTS, [one])
        key, values = compiled.assess(Reader("Ada"))
        made[name] = message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))
    assert made["hostile"].html.count("<") == made["tame"].html.count("<")
    assert made["hostile"].text.count("\n") == made["tame"].text.count("\n")
    hrefs = [one.href for one in read_document(made["hostile"].html).anchors]
    assert hrefs == [one.href for one in read_document(made["tame"].html).anchors]
    assert "https://example.org/a?b=1&c=2" in hrefs


def test_a_long_link_is_never_cut(digest: Campaign, hub: Hub) -> None:
    one = Resource("Long", f"https://example.org/{'a' * 900}")
    compiled = compile_campaign(digest, hub, LAYOUTS, [one])
    content = compiled.render(compiled.key(Reader()), EDITION)
    assert not_shown(digest, content, [one]) == ()
    assert html.escape(one.url) in "".join(content.html.literals)


def test_a_variant_is_named_by_what_it_brings(digest: Campaign, hub: Hub) -> None:
    five = [Resource(name, f"https://example.org/{name}") for name in "abcde"]
    compiled = compile_campaign(digest, hub, LAYOUTS, five)
    label = compiled.label(compiled.key(Reader(sector="Dentistry")))
    assert "sector is Dentistry; has not pledged; 5 resources: “a”, “b”, “c” and 2 more" in label


def test_only_a_digest_has_resources(write: Write) -> None:
    with pytest.raises(
        InputError, match=r":9: there are no resources here: add the field resources, or digest"
    ):
        write("{% for resource in resources %}{{ resource.title }}{% endfor %}")
