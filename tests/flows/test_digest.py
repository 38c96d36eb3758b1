"""A digest: each reader gets what is new to them and fits, once, however often it is prepared."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from outreach.digest import NOTHING_NEW
from outreach.domain import DeliveryState
from outreach.errors import InputError
from outreach.flows import authoring, editions, people, previewing, resending
from outreach.flows.resources import restore, withdraw
from outreach.ledger.digests import TOLD_MEANWHILE, WITHDRAWN_SINCE
from outreach.workspace import Workspace
from tests.fakes import digests as d
from tests.fakes.digests import NCL, NEL, add_reader, come_in, new

S = DeliveryState


@pytest.fixture
def ws(ws: Workspace, tmp_path: Path) -> Workspace:
    made = d.with_digest(ws, tmp_path)
    for name, sector, area in (
        ("ann", "Dentistry", NCL),
        ("ben", "Optometry", NEL),
        ("cat", "", ""),
    ):
        add_reader(made, name, sector, area)
    return made


def test_each_reader_gets_what_fits_their_sector_and_area_the_newest_first(ws: Workspace) -> None:
    come_in(
        ws,
        new("for-all", days=3),
        new("teeth", "Dental; Pharmacy", days=2),
        new("eyes-north-central", "Optometry", "NCL"),
        new("north-east", area="North East London", days=4),
        new("both-areas", area="NCL; NEL", days=5),
        new("next-week", days=-7),
    )
    assert d.sent(ws, "one") == {
        "ann": ["teeth", "for-all", "both-areas"],
        "ben": ["for-all", "north-east", "both-areas"],
        "cat": ["for-all"],
    }


def test_nobody_is_told_twice_and_without_news_there_is_no_email(ws: Workspace) -> None:
    come_in(ws, new("first"), new("teeth", "Dentistry"))
    d.sent(ws, "one")
    come_in(ws, new("first"), new("more-teeth", "Dentistry"))
    done = d.approved(ws, "two")
    assert d.brought(ws, done.edition) == {"ann": ["more-teeth"]}
    assert (done.intended, done.excluded) == (1, {NOTHING_NEW: 2})
    editions.send(ws, done.edition)
    nothing = d.prepare(ws, "three")
    assert (nothing.intended, nothing.excluded) == (0, {NOTHING_NEW: 3})
    assert nothing.nobody == "there is nothing new for anybody who may be written to"
    assert nothing.nobody in nothing.message
    assert previewing.preview(ws, d.SLUG, "four").suppressed == {NOTHING_NEW: 3}


def test_the_same_page_under_another_title_key_or_link_is_not_new(ws: Workspace) -> None:
    headings = ("Key", "Title", "Link")
    come_in(ws, ("1", "Guide", "https://www.example.org/guide"), headings=headings)
    assert set(d.sent(ws, "one")) == {"ann", "ben", "cat"}
    again = come_in(
        ws,
        ("1", "The guide", "https://www.example.org/guide"),
        ("2", "Guide", "https://example.org/guide/?utm_source=news&fbclid=1#part-2"),
        ("1", "Guide", "https://www.example.org/moved"),
        ("", "Guide", "https://www.example.org/moved"),
        headings=headings,
    )
    assert (again.created, again.accepted) == (0, 4)
    assert d.prepare(ws, "two").intended == 0


def test_two_that_become_one_page_count_as_one(ws: Workspace) -> None:
    headings = ("Key", "Title", "Link")
    come_in(ws, ("1", "Guide", "https://example.org/a"), headings=headings)
    d.sent(ws, "one")
    come_in(ws, ("2", "Toolkit", "https://example.org/b"), headings=headings)
    come_in(ws, ("1", "Guide", "https://example.org/b"), headings=headings)
    assert d.prepare(ws, "two").intended == 0, "they had the guide, which the toolkit now is"


def test_one_that_waits_for_approval_keeps_what_it_brings_until_it_is_rejected(
    ws: Workspace,
) -> None:
    come_in(ws, new("first"))
    d.prepare(ws, "one")
    come_in(ws, new("second"))
    d.prepare(ws, "two")
    assert d.brought(ws, "news@two")["ann"] == ["second"]
    editions.reject(ws, "news@one", by="lee", reason="not now")
    d.prepare(ws, "three")
    assert d.brought(ws, "news@three")["ann"] == ["first"]


def test_what_we_hold_about_somebody_has_what_they_were_told_of(
    ws: Workspace, tmp_path: Path
) -> None:
    come_in(ws, new("eyes", "Optometry"), new("teeth", "Dentistry"))
    d.sent(ws, "one")
    file = people.export_person(ws, "ann@example.org", tmp_path / "ann.json")
    told = json.loads(file.read_text())["resources"]
    assert [(one["name"], one["title"], one["state"]) for one in told] == [
        ("news@one", "teeth", "accepted")
    ]
    page = people.export_person(ws, "ben@example.org", tmp_path / "ben.html").read_text()
    assert "Resources that we told you of" in page
    assert "eyes" in page


def test_a_doubt_counts_as_told_and_what_was_not_sent_does_not(ws: Workspace) -> None:
    come_in(ws, new("first"))
    d.approved(ws, "one")
    told = {}
    for state in (S.UNKNOWN, S.BOUNCED, S.CLAIMED, S.FAILED, S.SUPPRESSED, S.CANCELLED):
        d.put(ws, "news@one", state)
        told[state] = previewing.preview(ws, d.SLUG, "two").planned == 0
    assert [state for state, was in told.items() if was] == [S.UNKNOWN, S.BOUNCED, S.CLAIMED]


def test_whoever_turns_out_to_have_been_told_meanwhile_drops_out_at_the_claim(
    ws: Workspace,
) -> None:
    come_in(ws, new("first"))
    d.approved(ws, "one")
    d.put(ws, "news@one", S.FAILED)
    d.approved(ws, "two")
    d.put(ws, "news@one", S.ACCEPTED)
    editions.send(ws, "news@two")
    account = editions.settle(ws, "news@two")
    assert account.reasons["suppressed"] == {TOLD_MEANWHILE: 3}
    assert account.balanced


def test_two_digests_prepared_at_once_bring_nobody_the_same(ws: Workspace) -> None:
    come_in(ws, *(new(f"r{n}") for n in range(5)))
    both = Barrier(2)

    def one(occurrence: str) -> None:
        both.wait()
        d.prepare(ws, occurrence)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, ("one", "two")))
    first, second = (d.brought(ws, f"news@{name}") for name in ("one", "two"))
    assert {len(first["ann"]), len(second["ann"])} == {2, 3}
    assert not set(first["ann"]) & set(second["ann"])


def test_of_two_claimed_at_once_only_the_first_brings_a_resource(ws: Workspace) -> None:
    come_in(ws, new("earlier"))
    d.sent(ws, "zero")
    come_in(ws, new("first"))
    for occurrence in ("one", "two"):
        d.approved(ws, occurrence)
        d.put(ws, f"news@{occurrence}", S.FAILED)
    for occurrence in ("one", "two"):
        d.put(ws, f"news@{occurrence}", S.PLANNED)
    with ThreadPoolExecutor(1) as pool:
        with d.half_claimed(ws, "news@one") as people:
            second = pool.submit(editions.send, ws, "news@two")
            time.sleep(0.3)
        second.result()
    assert len(people) == 3
    assert editions.settle(ws, "news@two").reasons["suppressed"] == {TOLD_MEANWHILE: 3}


def test_a_resend_carries_the_same_and_keeps_it_from_the_next(ws: Workspace) -> None:
    come_in(ws, new("first"))
    d.approved(ws, "one")
    d.put(ws, "news@one", S.FAILED)
    ids = [ws.keys.delivery_id(edition, number) for edition, number in d.deliveries(ws, "news@one")]
    name = resending.resend(ws, "news@one", ids, by="amy", via="test", reason="it was refused")
    assert set(d.brought(ws, name)) == {"ann", "ben", "cat"}
    assert d.prepare(ws, "two").intended == 0


def test_an_erased_person_who_comes_back_counts_as_told(ws: Workspace) -> None:
    come_in(ws, new("first"))
    d.sent(ws, "one")
    people.erase_person(ws, "ann@example.org", by="amy", via="test")
    d.come_back(ws, "ann@example.org")
    come_in(ws, new("second"))
    d.prepare(ws, "two")
    assert d.brought(ws, "news@two")["ann"] == ["second"]


def test_one_that_is_withdrawn_goes_in_no_digest_not_even_an_approved_one(ws: Workspace) -> None:
    come_in(ws, new("first"), new("second", "Dentistry"))
    d.approved(ws, "one")
    number = d.numbers(ws)["second"]
    assert withdraw(ws, number, by="amy", via="test", reason="out of date") == ("news@one",)
    editions.send(ws, "news@one")
    account = editions.settle(ws, "news@one")
    assert account.reasons["suppressed"] == {WITHDRAWN_SINCE: 1}
    come_in(ws, new("second", "Dentistry"))
    assert d.sent(ws, "two") == {"ann": ["first"]}, "an import does not bring it back"
    restore(ws, number, by="amy", via="test", reason="it was mended")
    assert d.sent(ws, "three") == {"ann": ["second"]}


def test_its_source_can_withdraw_it(ws: Workspace) -> None:
    come_in(ws, new("first"))
    row = (*new("first"), d.days_ago(0))
    come_in(ws, row, headings=(*d.HEADINGS, "Withdrawn on"))
    assert d.prepare(ws, "one").intended == 0


def test_a_first_import_of_hundreds_mails_a_few_new_ones_and_no_old_ones(ws: Workspace) -> None:
    come_in(ws, *(new(f"old-{n}", days=91 + n) for n in range(300)))
    assert d.prepare(ws, "one").intended == 0
    come_in(ws, *(new(f"new-{n}", days=1 + n // 10) for n in range(200)))
    d.prepare(ws, "two")
    assert {len(titles) for titles in d.brought(ws, "news@two").values()} == {3}


def test_with_a_minimum_a_reader_waits_until_enough_is_new(ws: Workspace, tmp_path: Path) -> None:
    d.with_digest(ws, tmp_path, d.HEAD.replace("min: 1", "min: 2") + d.BODY)
    come_in(ws, new("first"), new("teeth", "Dentistry"))
    d.prepare(ws, "one")
    assert list(d.brought(ws, "news@one")) == ["ann"]


def test_copy_that_leaves_a_resource_out_is_stopped_since_nobody_would_hear_of_it_again(
    ws: Workspace, tmp_path: Path
) -> None:
    text = d.HEAD + d.BODY.replace("in resources", "in resources[:1]")
    made = replace(d.with_digest(ws, tmp_path, text))
    come_in(made, new("first"), new("second"))
    with pytest.raises(InputError, match="does not link to 1 of the 2 resources"):
        d.prepare(made, "one")
    (fault,) = authoring.check_files(made, d.SLUG)
    assert "nobody would be told of them again" in fault.message


def test_an_unsafe_link_or_an_unknown_sector_sets_a_row_aside(ws: Workspace) -> None:
    result = come_in(
        ws,
        ("good", "https://example.org/good", "all", "", ""),
        ("local", "https://192.168.0.1/x", "", "", ""),
        ("plain", "http://example.org/x", "", "", ""),
        ("sector", "https://example.org/x", "Dentistry; Vets", "", ""),
    )
    assert (result.created, result.quarantined) == (1, 3)
    assert set(result.quarantined_by_reason) == {
        "link leads to no public website",
        "link is not a web address",
        "sector not recognised",
    }


def test_for_whom_only_the_claim_journal_knows_all_that_had_come_in_counts_as_told(
    ws: Workspace,
) -> None:
    come_in(ws, new("first"))
    d.sent(ws, "one")
    d.forget_what_was_in(ws, "news@one")
    come_in(ws, new("second"))
    assert set(map(tuple, d.sent(ws, "two").values())) == {("second",)}


def test_a_preview_shows_a_contact_what_they_would_be_brought(ws: Workspace) -> None:
    come_in(ws, new("teeth", "Dentistry"), new("eyes", "Optometry"))
    _, text = authoring.preview(ws, d.SLUG, address="ann@example.org")
    assert "https://www.example.org/teeth" in text.read_text()
    assert "eyes" not in text.read_text()
    _, text = authoring.preview(ws, d.SLUG, address="cat@example.org")
    assert "A sample resource" in text.read_text()
