"""What the campaigns that ship say: only what is known, in plain words, with one thing to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.rendering.conftest import LAYOUTS
from tests.rendering.test_shipped import sent, variants

from outreach.campaigns import Campaign, load_campaign
from outreach.domain import Reader
from outreach.hub import Hub
from outreach.rendering import compile_campaign
from outreach.rendering.compose import Message
from outreach.settings import ROOT

FOLDER = LAYOUTS.parent / "campaigns"

SIGN_UP = "https://future.nhs.uk/about"
FRAMEWORK = "https://future.nhs.uk/LRpcncdSG/view?objectId=30908976"
OUR_PAGE = "https://www.ncltraininghub.org/training-and-support/workforce-race-equality-standard"
ADDRESSES = {SIGN_UP, FRAMEWORK, OUR_PAGE}

ANSWERS = {
    "North Central London": "176",
    "North East London": "286",
    "North West London": "134",
    "South East London": "244",
    "South West London": "181",
}
FIGURES = {"1,025", "926", "49%", "39%", "29%", "2015", "2021", "2023", "8", "5", *ANSWERS.values()}
"""Every figure that is known; `5` areas, `8` workstreams."""

PLEDGE = "Diversity Matters in NHS Primary Care"
NOT_RACIST = "free from racist and discriminatory behaviour"
GAPS = "why Black and minority ethnic staff often get poorer treatment at work"
FACTS = {
    "pledge-thank-you": (PLEDGE, NOT_RACIST, FRAMEWORK, SIGN_UP, OUR_PAGE),
    "pledge-invitation": (PLEDGE, NOT_RACIST, "1,025", "49% of those who answered", OUR_PAGE),
    "what-is-wres": (
        *("Workforce Race Equality Standard. It was introduced in 2015, mainly for trusts", GAPS),
        *("Health Education England and NHS England and NHS Improvement", "November and December"),
        *("1,025", "926, came from general practice", "49% of all who answered"),
        *("39% had been harassed or discriminated against by patients", OUR_PAGE),
        "29% had been harassed or discriminated against by colleagues or managers",
    ),
    "ncl-wres-priorities": (
        *("Communications and engagement", "deep-rooted cultures of race inequality"),
        *("why equity matters", "capacity and capability"),
        "People can work comfortably with race equality",
    ),
    "wres-framework": (
        *("toolkit and guide", "tools for anti-racist work and lasting change", FRAMEWORK, SIGN_UP),
        *("locally, in their area and in the region", "free of discrimination"),
        *("The framework is not compulsory", "tried and tested information"),
    ),
    "how-to-get-the-framework": (
        *(SIGN_UP, FRAMEWORK, "London Primary Care Transformation - Workforce - London Workforce"),
        "Race Strategy in Primary Care",
    ),
    "wres-questions": (
        *("introduced in 2015, mainly for trusts", "launched in March 2023", SIGN_UP, FRAMEWORK),
        *("Is it compulsory?\n\nNo.", "8 agreed workstreams", "London's 5 areas", PLEDGE, OUR_PAGE),
    ),
    "after-pledge-day-7": (PLEDGE, "toolkit and guide", "not compulsory", SIGN_UP, FRAMEWORK),
    "after-pledge-day-30": (PLEDGE, "Reply to this email", SIGN_UP, FRAMEWORK),
    "after-pledge-day-180": (PLEDGE, NOT_RACIST, "Renew your pledge on our page", OUR_PAGE),
}
"""What each campaign tells every reader."""

ABOUT_A_PLEDGE = {slug for slug in FACTS if "pledge" in slug}

_NAMES = re.compile(
    "(London Primary Care Transformation - Workforce - )?London Workforce Race Strategy"
    "( in Primary Care)?|(NHS )?Workforce Race Equality Standard|Primary Care WRES Framework"
    "|Diversity Matters in NHS Primary Care|Black and minority ethnic|Integrated Care System"
    "|NCL Training Hub|(North|South) (Central|East|West) London|Health Education England"
    "|NHS England and NHS Improvement|NHS Futures"
)
"""Names that readers know, whose length says nothing about how hard the copy is."""

_RACE = re.compile(r"\brac(?:e|es|ial)\b", re.IGNORECASE)
_RACE_IN_NAMES = re.compile(r"race (?:in)?equality|Race Strategy", re.IGNORECASE)
_DATE = "20 November 2026"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A campaign, and what each kind of reader gets."""

    campaign: Campaign
    messages: tuple[tuple[Reader, Message], ...]

    def copies(self) -> Iterator[tuple[Reader, str]]:
        """Yield the text part of each message without the layout's foot."""
        for reader, both in self.messages:
            yield reader, both.text.split("\n-- \n")[0].split("\n--\n")[0]


@pytest.fixture(scope="module", params=FACTS)
def shipped(request: pytest.FixtureRequest, hub: Hub) -> Shipped:
    campaign = load_campaign(FOLDER / f"{request.param}.md", hub)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    readers = variants(compiled, hub).values()
    return Shipped(campaign, tuple((reader, sent(compiled, reader)) for reader in readers))


def test_every_reader_is_told_the_facts_that_it_is_about(shipped: Shipped) -> None:
    for _, copy in shipped.copies():
        for fact in FACTS[shipped.campaign.slug]:
            assert fact in copy


def test_no_figure_is_made_up(shipped: Shipped) -> None:
    for reader, copy in shipped.copies():
        words = re.sub(r"https://\S+|^\d+\. ", "", copy, flags=re.MULTILINE).replace(_DATE, "")
        said = set(re.findall(r"\d[\d,]*\d%?|\d%?", words.replace("step 2", "")))
        assert said <= FIGURES
        others = set(ANSWERS.values()) - {ANSWERS.get(reader.ics_area)}
        assert not said & others, "another area's figure"


def test_links_lead_to_the_addresses_that_are_known(shipped: Shipped) -> None:
    for _, copy in shipped.copies():
        found = {url.rstrip(".,)") for url in re.findall(r"https://\S+", copy)}
        assert found
        assert found <= ADDRESSES


def test_every_reader_has_exactly_one_button(shipped: Shipped) -> None:
    for _, both in shipped.messages:
        assert len(re.findall(r'<td class="action-cell"', both.html)) == 1


def test_nothing_is_called_compulsory(shipped: Shipped) -> None:
    for _, copy in shipped.copies():
        rest = re.sub(r"not compulsory|Is it compulsory\?(?:\n\nNo\.)?", "", copy)
        assert not re.search(r"compulsory|mandatory|obliged|\bmust\b", rest, re.IGNORECASE)


def test_who_pledged_is_not_asked_to_sign_and_who_did_not_is_not_thanked(shipped: Shipped) -> None:
    if shipped.campaign.slug in ABOUT_A_PLEDGE:
        return
    for reader, copy in shipped.copies():
        if reader.pledged:
            assert not re.search(r"sign the pledge|\bsign it\b", copy, re.IGNORECASE)
        else:
            assert not re.search(r"\bthank|have signed", copy, re.IGNORECASE)


def test_every_sector_is_spoken_to_in_its_own_words(shipped: Shipped, hub: Hub) -> None:
    by_sector: dict[str, set[str]] = {}
    compiled = compile_campaign(shipped.campaign, hub, LAYOUTS)
    for sector in ("", *hub.sectors):
        by_sector.setdefault(sent(compiled, Reader("Ada", sector=sector)).text, set()).add(sector)
    assert len(by_sector) == len(hub.sectors) + 1


def test_the_copy_is_written_for_a_reading_age_of_eleven_or_less(shipped: Shipped) -> None:
    for _, copy in shipped.copies():
        assert grade(copy) <= 6


def test_our_own_words_are_about_ethnicity_and_lump_nobody_together(shipped: Shipped) -> None:
    for _, both in shipped.messages:
        words = _RACE_IN_NAMES.sub("", _NAMES.sub("", f"{both.subject}\n{both.text}"))
        words = re.sub(r"https://\S+", "", words)
        assert not _RACE.search(words)
        assert not re.search(r"\bBA?ME\b", words)


def test_the_subject_is_short_and_the_preview_adds_to_it(shipped: Shipped) -> None:
    subject, preview = shipped.campaign.subject, shipped.campaign.preview
    assert len(subject) <= 50
    assert 30 <= len(preview) <= 130
    assert preview.rstrip(".").lower() not in subject.lower()


def test_the_guide_lists_every_campaign_that_ships() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text()
    for file in FOLDER.glob("*.md"):
        assert f"| `{file.stem}` |" in guide


def grade(text: str) -> float:
    """Return the Flesch-Kincaid school grade of some copy; grade 6 is the age of eleven."""
    plain = _NAMES.sub("name", re.sub(r":? ?\(?https://\S+", ".", text))
    parts = [part for line in plain.split("\n") for part in re.split(r"[.!?:](?:\s|$)", line)]
    sentences = [found for part in parts if (found := re.findall(r"[^\W_]+(?:['’-]\w+)*", part))]
    words = [word for sentence in sentences for word in sentence]
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    letters = re.sub(r"[^a-z]", "", word.lower())
    silent = re.search(r"[^l]e$|[^aeiouytd]ed$", letters) is not None
    return max(len(re.findall(r"[aeiouy]+", letters)) - silent, 1)
