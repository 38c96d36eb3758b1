"""The campaigns that ship: every variant renders, is right, and passes its checks."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import html5lib
import pytest
from tests.rendering.conftest import EDITION, LAYOUTS, UNSUBSCRIBE, VIEW

from outreach.campaigns import load_campaign
from outreach.checks import Sample, check
from outreach.checks.document import read_document as read_page
from outreach.domain import Organisation, Reader
from outreach.hub import Hub
from outreach.rendering import MAX_VARIANTS, Compiled, VariantKey, compile_campaign
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.frozen import FORMAT, from_json, to_json

CAMPAIGNS = sorted((LAYOUTS.parent / "campaigns").glob("*.md"))


def everybody(hub: Hub) -> list[Reader]:
    """One reader of each kind that copy may tell apart."""
    kinds = itertools.product(
        ("", "Ada"),
        ("", *hub.sectors),
        ("", *hub.ics_areas),
        (Organisation(), Organisation("A1", "Elm Practice")),
        (None, date(2026, 11, 20)),
    )
    return [Reader(n, "", "", s, a, "", o, p) for n, s, a, o, p in kinds]


def variants(compiled: Compiled, hub: Hub) -> dict[VariantKey, Reader]:
    return {compiled.key(reader): reader for reader in everybody(hub)}


def sent(compiled: Compiled, reader: Reader) -> Message:
    key, values = compiled.assess(reader)
    return message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))


@pytest.fixture(params=CAMPAIGNS, ids=lambda path: path.stem)
def shipped(request: pytest.FixtureRequest, hub: Hub) -> Compiled:
    path: Path = request.param
    return compile_campaign(load_campaign(path, hub), hub, LAYOUTS)


def test_every_variant_passes_its_checks_without_even_advice(shipped: Compiled, hub: Hub) -> None:
    found = variants(shipped, hub)
    assert 1 < len(found) <= MAX_VARIANTS
    samples = []
    for key, reader in found.items():
        content, values = shipped.render(key, EDITION), shipped.values(reader)
        assert shipped.empty(content, values) == ()
        samples.append(Sample(len(samples) + 1, shipped.label(key), 1, content, values))
    assert check(shipped.campaign, hub, samples, {}) == ()


def test_every_variant_is_well_formed_accessible_html(shipped: Compiled, hub: Hub) -> None:
    for reader in variants(shipped, hub).values():
        rich = sent(shipped, reader).html
        tree = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
        document = tree.parse(rich)
        assert document.get("lang") == "en-GB"
        assert document.findtext("head/title").strip()
        tables = document.findall(".//table")
        assert tables
        assert all(t.get("role") == "presentation" for t in tables if t.get("class") != "data")
        names = [m.get("name") for m in document.findall(".//meta")]
        assert {"viewport", "color-scheme"} <= set(names)
        assert "prefers-color-scheme: dark" in rich
        assert read_page(rich).headings[0][0] == 1


def test_nothing_is_fetched_to_read_it(shipped: Compiled, hub: Hub) -> None:
    page = read_page(sent(shipped, Reader("Ada")).html)
    assert page.images == []
    tags = {element.tag for element in page.elements()}
    assert not tags & {"img", "link", "script", "iframe", "object", "form"}
    assert "url(" not in sent(shipped, Reader("Ada")).html
    assert "@import" not in sent(shipped, Reader("Ada")).html


def test_both_parts_hold_the_same_links(shipped: Compiled, hub: Hub) -> None:
    for reader in variants(shipped, hub).values():
        both = sent(shipped, reader)
        for anchor in read_page(both.html).anchors:
            assert anchor.href in both.text, anchor


def test_every_message_says_who_writes_why_and_how_to_object(shipped: Compiled, hub: Hub) -> None:
    both = sent(shipped, Reader("Ada", "Lee"))
    for part in (both.text, " ".join(both.html.split())):
        assert "Dear Ada Lee," in part
        assert hub.identity in part
        assert "You get this email because" in part
    assert f"Unsubscribe from these emails: {UNSUBSCRIBE}" in both.text
    assert f"Read this in your browser: {VIEW}" in both.text
    assert "Dear colleague," in sent(shipped, Reader()).text


def test_frozen_content_is_the_same_content(shipped: Compiled, hub: Hub) -> None:
    for key in variants(shipped, hub):
        content = shipped.render(key, EDITION)
        assert from_json(to_json(content), FORMAT) == content


def test_each_area_s_reader_gets_that_area_s_figure(hub: Hub) -> None:
    campaign = load_campaign(LAYOUTS.parent / "campaigns" / "what-is-wres.md", hub)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    for area in hub.areas:
        said = f"people in {area.name} answered the London primary care survey"
        both = sent(compiled, Reader("Ada", ics_area=area.name))
        assert f"{area.survey_answers} {said}" in both.text
        rich = " ".join(both.html.split())
        assert f">{area.survey_answers} </p>" in rich
        assert said in rich
    assert "people in" not in sent(compiled, Reader("Ada", ics_area="Kent")).text


def test_those_who_pledged_are_thanked_and_the_others_invited(hub: Hub) -> None:
    campaign = load_campaign(LAYOUTS.parent / "campaigns" / "what-is-wres.md", hub)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    pledged = sent(compiled, Reader("Ada", pledged_on=date(2026, 11, 20))).text
    other = sent(compiled, Reader("Ada")).text
    assert "You have signed our pledge already" in pledged
    assert "Sign the pledge" not in pledged
    assert f"Sign the pledge on our page: {hub.wres_url}" in other


def test_the_thank_you_says_when_the_pledge_was_signed(hub: Hub) -> None:
    campaign = load_campaign(LAYOUTS.parent / "campaigns" / "pledge-thank-you.md", hub)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    text = sent(compiled, Reader("Ada", pledged_on=date(2026, 11, 20))).text
    assert "on 20 November 2026" in text
