"""The page about segments has every word of the language, and only what can be written."""

from __future__ import annotations

import re
from pathlib import Path

from outreach.campaigns import load_campaign
from outreach.hub import load_hub
from outreach.segments import Segment, parse, vocabulary_of
from outreach.segments.phrases import OPERATORS
from outreach.segments.tokens import LONGEST
from outreach.segments.vocabulary import FACTS, FIELDS, MOST_DAYS
from outreach.settings import ROOT
from tests.reading_docs import INLINE, fences, section
from tests.test_campaigns import with_field

PAGE = ROOT / "docs" / "segments.md"
ROW = re.compile(r"^\| `([^`]+)` \|(.*)\| `([^`]+)` \|$", re.MULTILINE)
HUB = load_hub(ROOT / "hub.yaml")


def rows(title: str) -> list[tuple[str, str, str]]:
    found = ROW.findall(section(PAGE, title))
    assert found
    return [(name, said, example) for name, said, example in found]


def test_every_field_and_fact_has_its_row_and_every_row_exists() -> None:
    fields = [one for one in rows("Fields") if (*one[0].split(),) not in OPERATORS]
    assert [name for name, _, _ in fields] == [one.phrases[0] for one in FIELDS.values()]
    facts = {one.phrases[0]: one for one in FACTS.values()}
    assert {name for name, _, _ in rows("What happened")} == set(facts)


def test_every_other_phrase_is_named_too() -> None:
    text = PAGE.read_text()
    said = set(INLINE.findall(text))
    for one in (*FIELDS.values(), *FACTS.values()):
        for phrase in one.phrases[:2]:
            own = phrase in said or phrase.startswith(("practice", "was"))
            assert own, phrase
    assert f"{LONGEST:,} characters" in text
    assert f"{MOST_DAYS:,} days" in text


def test_every_operator_has_its_row() -> None:
    meant = {
        OPERATORS[(*name.split(),)]
        for name, _, _ in rows("Fields")
        if (*name.split(),) in OPERATORS
    }
    assert meant == set(OPERATORS.values())


def test_every_example_is_a_rule_that_selects_what_its_row_is_about() -> None:
    known = vocabulary_of(HUB)
    for name, _, example in (*rows("Fields"), *rows("What happened")):
        rule = parse(example, known)
        if (*name.split(),) not in OPERATORS:
            assert name in Segment(rule).text(), example
        else:
            assert name in example


def test_the_segment_shown_loads_in_a_campaign_file(tmp_path: Path) -> None:
    (shown,) = (body for _, body in fences(PAGE) if body.startswith("segment:"))
    (tmp_path / "a-test.md").write_text(with_field(shown.rstrip()))
    campaign = load_campaign(tmp_path / "a-test.md", HUB)
    assert len(campaign.segment.parts) == 4
