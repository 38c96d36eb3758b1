"""What Airflow shows about a campaign, and the names that runs give to editions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outreach import dagdocs
from outreach.campaigns import Campaign, load_library
from outreach.campaignwords import starts, whom
from outreach.dagdocs import (
    MANUAL_DEADLINE,
    dag_id,
    describe,
    response_deadline,
)
from outreach.dagrequests import occurrence_of, read_request
from outreach.domain import Following
from outreach.errors import InputError
from outreach.hub import Hub, load_hub
from outreach.segments import Segment, vocabulary_of
from outreach.settings import ROOT

SLOT = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def hub() -> Hub:
    return load_hub(ROOT / "hub.yaml")


@pytest.fixture(scope="module")
def campaigns(hub: Hub) -> dict[str, Campaign]:
    return load_library([ROOT / "templates" / "campaigns"], hub).campaigns


def test_new_resources_name_an_edition_of_their_own(campaigns: dict[str, Campaign]) -> None:
    digest = campaigns["new-framework-resources"]
    news = dagdocs.news_of(digest)
    assert occurrence_of("", "", None, [3, 7], SLOT, news) == "resources-7"
    assert starts(digest) == "when new resources arrive"


@pytest.mark.parametrize(
    ("wanted", "timetable", "slot", "watermarks", "named"),
    [
        ("spring", "0 10 * * 2", SLOT, [3], "spring"),
        ("", "0 10 * * 2", SLOT, [], "2026-11-24"),
        ("", "", None, [3, 7], "pledges-7"),
        ("", "", None, [], "2026-07-07"),
    ],
)
def test_the_same_cause_always_names_the_same_edition(
    wanted: str, timetable: str, slot: datetime | None, watermarks: list[int], named: str
) -> None:
    began = datetime(2026, 7, 6, 23, 30, tzinfo=UTC)
    assert occurrence_of(wanted, timetable, slot, watermarks, began) == named


def test_an_empty_form_asks_for_nothing_special() -> None:
    request = read_request({"occurrence": None, "send_at": None, "sectors": None})
    assert (request.occurrence, request.send_at, request.narrow) == ("", None, None)
    assert not request.dry_run
    assert not request.reach
    assert read_request({"reach_links": True}).reach


def test_a_form_may_ask_for_a_test_to_colleagues_alone() -> None:
    assert read_request({"test_recipients": ["lee", "jo"]}).test_recipients == ("lee", "jo")
    assert read_request({"test_recipients": None}).test_recipients == ()


def test_a_form_narrows_and_reads_its_time_as_london() -> None:
    request = read_request({"send_at": "2026-07-07T10:00", "boroughs": ["Camden"]})
    assert request.narrow == Segment.of(boroughs=("Camden",))
    assert request.send_at == datetime(2026, 7, 7, 9, tzinfo=UTC)


def test_a_time_that_london_skips_is_refused() -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_request({"send_at": "2027-03-28T01:30"})


def test_each_campaign_says_why_to_whom_and_when(campaigns: dict[str, Campaign], hub: Hub) -> None:
    assert campaigns
    for campaign in campaigns.values():
        page = describe(campaign, hub)
        for said in (campaign.title, campaign.basis_reason, whom(campaign)):
            assert said in page
        assert dag_id(campaign.slug).replace("_", "").isalnum()


def test_a_campaign_due_at_a_time_has_no_use_for_an_answer_long_after(
    campaigns: dict[str, Campaign],
) -> None:
    for campaign in campaigns.values():
        due = campaign.slots is not None
        limit = timedelta(hours=campaign.late_after_hours) if due else MANUAL_DEADLINE
        assert response_deadline(campaign) == limit


def test_a_form_narrows_by_a_rule_whose_values_are_judged(hub: Hub) -> None:
    known = vocabulary_of(hub)
    request = read_request({"only": "borough is 'camden' and not pledged", "sectors": []}, known)
    assert request.narrow is not None
    assert request.narrow.text() == 'borough is "Camden" and not pledged'
    with pytest.raises(InputError, match="column 12: “Camdn” is not among the boroughs"):
        read_request({"only": "borough is 'Camdn'"}, known)
    assert read_request({"only": "  "}, known).narrow is None


def test_a_form_follows_an_edition_up_and_nothing_else_beside_it() -> None:
    form = {"follow_up": " what-is-wres@2026-11-24 ", "follow_up_to": "failed"}
    request = read_request(form)
    assert request.follows == Following("what-is-wres@2026-11-24", "failed")
    assert request.occurrence == "failed-what-is-wres.2026-11-24"
    with pytest.raises(InputError, match="leave the narrowing empty"):
        read_request({**form, "boroughs": ["Camden"]})
    with pytest.raises(InputError, match="leave the name empty"):
        read_request({**form, "occurrence": "spring"})
    for half in ({"follow_up": "", "follow_up_to": "failed"}, {"follow_up": "a@b"}):
        with pytest.raises(InputError, match="needs both"):
            read_request(half)
    assert read_request({"follow_up": None, "follow_up_to": None}).follows is None


def test_every_list_says_in_words_who_gets_a_campaign_beyond_its_segment(
    campaigns: dict[str, Campaign],
) -> None:
    assert whom(campaigns["after-pledge-day-30"]) == "pledged 30 days before"
    assert whom(campaigns["new-framework-resources"]) == "has something new to read"
    invited = campaigns["pledge-invitation"]
    assert whom(invited) == invited.segment.described() != "everyone"
