"""Checks of a real edition: who lacks what, the longest values, what stops it and what is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.errors import Refused
from outreach.flows import authoring, editions, previewing
from outreach.ledger.editions import edition
from outreach.reports import checks, proofs
from outreach.reports import editions as reports
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact

NAME = "news@one"
LONG = "The Very Long Name of a Health Centre by the Park in N1"
CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News for {{ contact.organisation.name or 'you' }}
preview: What is new.
owner: amy
---
# News

{% if contact.borough == 'Camden' %}Come to Camden.{% else %}Stay in touch.{% endif %}

BODY
"""


@pytest.fixture
def people(ws: Workspace, tmp_path: Path) -> Workspace:
    """Five people, two of them in Camden: one with a long workplace, one without a last name."""
    with ws.engine.begin() as connection:
        for number in range(5):
            more: dict[str, Any] = {"organisation_name": LONG} if number == 4 else {}
            add_contact(
                connection,
                ws.keys,
                f"person{number}@example.org",
                last_name="" if number == 3 else "Lee",
                borough="Camden" if number > 2 else "Barnet",
                **more,
            )
    return replace(ws, settings=replace(ws.settings, campaigns=(tmp_path,)))


def prepared(ws: Workspace, body: str) -> Workspace:
    (ws.settings.campaigns[0] / "news.md").write_text(CAMPAIGN.replace("BODY", body))
    editions.prepare(ws, "news", "one", by="amy", via="test")
    return ws


def found(ws: Workspace) -> dict[str, bool]:
    return {fault.check: fault.blocking for fault in editions.check(ws, NAME)}


def test_the_subject_is_judged_with_the_longest_value_of_the_audience(people: Workspace) -> None:
    prepared(people, "Hello.")
    (fault,) = editions.check(people, NAME)
    assert (fault.check, fault.blocking, len(fault.variants)) == ("subject-length", False, 1)
    assert "for the reader with the longest values" in fault.message
    assert LONG not in str(fault)
    assert previewing.preview(people, "news", "two").faults[0].check == "subject-length"


def test_who_lacks_a_value_is_listed_on_the_page_and_counted_elsewhere(people: Workspace) -> None:
    prepared(people, "{% if contact.borough == 'Camden' %}Dear {{ contact.last_name }},{% endif %}")
    (fault, _) = editions.check(people, NAME)
    assert "prints nothing for 1 person" in fault.message
    report = checks.missing(people, NAME)
    (value,) = report.values
    ((person, row),) = value.rows
    assert (value.expression, value.people, report.readable) == ("contact.last_name", 1, True)
    assert row.email == "person3@example.org"
    assert people.keys.open_person_id(person) == row.contact_id
    (people.settings.campaigns[0] / "news.md").write_text("---\nbroken")
    assert checks.missing(people, NAME).values == report.values


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("[The page](https://bit.ly/x)", "link-known-bad"),
        ("[The page](https://nhs.uk.example.com/)", "link-look-alike"),
        ("A <b>tag</b>", "text-leftovers"),
        ("pass\u200bword", "hidden-letters"),
    ],
)
def test_nobody_can_approve_what_a_check_stops(people: Workspace, body: str, check: str) -> None:
    prepared(people, body)
    assert found(people)[check]
    for by, via in (("lee", "airflow"), ("lee", "cli")):
        with pytest.raises(Refused, match="cannot be approved until this is mended"):
            editions.approve(people, NAME, by=by, via=via)


def test_an_approver_is_told_how_much_was_found_and_the_first_of_it(people: Workspace) -> None:
    prepared(people, "We utilise it, e.g. via the aforementioned page!!!")
    editions.check(people, NAME)
    body = editions.approval_request(people, NAME).body
    assert "**The checks found 0 faults and 6 pieces of advice.**" in body
    assert body.count("- Worth a look:") == 3
    assert "... and 3 more on the edition's page" in body
    assert editions.approve(people, NAME, by="lee", via="airflow").approved_by == "lee"


def test_what_a_look_at_the_websites_found_stays_when_it_is_judged_again(people: Workspace) -> None:
    prepared(people, "Hello.")
    told = {"message": "the link x leads nowhere", "check": "link-reach", "blocking": False}
    kept = {**told, "file": "", "line": 0, "column": "", "variants": []}
    with people.engine.begin() as connection:
        connection.execute(sa.update(edition).values(faults=[kept]))
    assert "link-reach" in found(people)
    assert "link-reach" in found(people)


def test_pages_show_findings_by_subject_and_by_variant(people: Workspace) -> None:
    prepared(people, "{% if contact.borough == 'Camden' %}We utilise it.{% endif %}")
    editions.check(people, NAME)
    report = reports.edition(people, NAME)
    assert [group.title for group in checks.grouped(report.faults)] == [
        "Subject and preview",
        "Words",
    ]
    camden = next(
        one.number for one in report.variants if "Camden" in one.label and "not" not in one.label
    )
    other = next(one.number for one in report.variants if one.number != camden)
    titles = [group.title for group in checks.grouped(report.faults, variant=camden)]
    assert titles == ["Subject and preview", "Words"]
    assert checks.grouped(report.faults, variant=other) == ()
    assert proofs.smallest(report.variants) == camden


def test_a_proof_can_be_seen_as_any_of_its_readers(people: Workspace) -> None:
    prepared(people, "Dear {{ contact.first_name }},")
    shown = proofs.variant(people, NAME, 1)
    assert len(shown.readers) in (2, 3)
    for person, email in shown.readers:
        one = proofs.variant(people, NAME, 1, person=person)
        assert f"Dear {email.partition('@')[0]}," in one.proof.text
        assert one.person == person
    assert proofs.variant(people, NAME, 1, masked=True, person=shown.person).readers == ()


def test_a_broken_file_breaks_only_itself(people: Workspace) -> None:
    folder = people.settings.campaigns[0]
    for number in range(30):
        text = CAMPAIGN.replace("BODY", "Hello.") if number != 7 else "---\ntitle: x\n---\n{% if"
        (folder / f"news-{number}.md").write_text(text)
    faults = authoring.check_files(people)
    assert {Path(fault.file).stem for fault in faults} == {"news-7"}
    editions.prepare(people, "news-8", "one", by="amy", via="test")
