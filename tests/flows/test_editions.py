"""An edition from prepare to certificate, with the rules that hold on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import EditionState, Mailbox
from outreach.errors import ConfigError, InputError, NotFound, Refused
from outreach.flows import editions
from outreach.ledger.editions import audit, delivery, edition, variant
from outreach.ledger.people import pledge
from outreach.segments import Segment
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact, suppress

SLUG = "news"
NAME = "news@one"

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News for {{ contact.first_name or 'you' }}
preview: What is new.
trigger: manual
approval: APPROVAL
owner: amy
segment:
  sectors: [Dentistry]
---
Dear {{ contact.first_name or 'colleague' }},

{% if contact.borough == 'Camden' %}Come to Camden.{% else %}Stay in touch.{% endif %}
"""


@pytest.fixture
def written(ws: Workspace, tmp_path: Path) -> Workspace:
    """A deployment with one campaign of its own and five people, one of them suppressed."""
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / f"{SLUG}.md").write_text(CAMPAIGN.replace("APPROVAL", "person"))
    with ws.engine.begin() as connection:
        for number in range(4):
            add_contact(
                connection,
                ws.keys,
                f"person{number}@example.org",
                sector="Dentistry",
                borough="Camden" if number % 2 else "Barnet",
            )
        add_contact(connection, ws.keys, "other@example.org", sector="Optometry")
        suppress(connection, ws.keys, "person3@example.org")
    return replace(ws, settings=replace(ws.settings, campaigns=(folder,)))


def prepared(ws: Workspace) -> editions.Prepared:
    return editions.prepare(ws, SLUG, "one", by="amy", via="test")


def approved(ws: Workspace) -> None:
    prepared(ws)
    editions.approve(ws, NAME, by="lee", via="airflow")


def outbox(ws: Workspace) -> list[Path]:
    return sorted(ws.settings.home.glob("outbox/**/*.eml"))


def test_prepare_freezes_and_counts_everyone(written: Workspace) -> None:
    done = prepared(written)
    assert (done.edition, done.created, done.variants) == (NAME, True, 2)
    assert (done.intended, done.planned) == (4, 3)
    assert done.suppressed == {"unsubscribed": 1}
    assert done.excluded == {"outside the audience: sector": 1}


def test_the_same_occurrence_again_changes_nothing_and_says_so(written: Workspace) -> None:
    prepared(written)
    again = prepared(written)
    assert not again.created
    assert "exists already" in again.message
    with written.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(edition)).scalar() == 1


def test_a_whole_edition_reaches_the_outbox_once(written: Workspace) -> None:
    approved(written)
    report = editions.send(written, NAME)
    account = editions.settle(written, NAME)
    assert (report.handed_over, report.finished) == (3, True)
    assert (account.accepted, account.suppressed, account.balanced) == (3, 1, True)
    assert account.state == EditionState.SENT
    assert editions.send(written, NAME).handed_over == 0
    messages = [
        BytesParser(policy=policy.default).parsebytes(f.read_bytes()) for f in outbox(written)
    ]
    assert sorted(str(m["To"]) for m in messages) == [f"person{n}@example.org" for n in range(3)]
    for message in messages:
        text = message.get_body(("plain",)).get_content()
        camden = message["To"] == "person1@example.org"
        assert ("Come to Camden." in text, "Stay in touch." in text) == (camden, not camden)
        assert str(message["List-Unsubscribe"]).startswith(
            f"<{written.settings.public_url}/unsubscribe/"
        )
        assert message["X-Outreach-Delivery"]


@pytest.mark.parametrize("by", ["amy", " Amy", "AMY ", "casey"])
def test_only_an_approver_who_is_no_author_may_approve(written: Workspace, by: str) -> None:
    prepared(written)
    with pytest.raises(Refused, match="lee"):
        editions.approve(written, NAME, by=by, via="airflow")


def test_an_unapproved_edition_is_not_sent(written: Workspace) -> None:
    prepared(written)
    with pytest.raises(Refused, match="only an approved edition"):
        editions.send(written, NAME)


def test_an_approval_is_void_where_the_content_has_moved(written: Workspace) -> None:
    prepared(written)
    asked = editions.approval_request(written, NAME)
    with written.engine.begin() as connection:
        connection.execute(sa.update(variant).values(content={"changed": True}))
    with pytest.raises(Refused, match="not what was shown"):
        editions.approve(written, NAME, by="lee", via="airflow", approval_hash=asked.approval_hash)


def test_an_approval_names_what_was_shown(written: Workspace) -> None:
    prepared(written)
    with pytest.raises(Refused, match="not what was shown"):
        editions.approve(written, NAME, by="lee", via="airflow", approval_hash="other")


def test_what_an_approver_is_shown_adds_up_and_holds_no_address(written: Workspace) -> None:
    prepared(written)
    asked = editions.approval_request(written, NAME)
    assert "**3** people" in asked.body
    assert "| Not written to: unsubscribed | 1 |" in asked.body
    assert "Who it is for: sector is Dentistry." in asked.body
    assert "| Outside the audience: sector | 1 |" in asked.body
    assert "/outreach/editions/news@one" in asked.body
    assert "@example.org" not in asked.body
    assert asked.authors == ("amy",)
    assert "nothing to compare" in asked.body
    editions.approve(written, NAME, by="lee", via="airflow")
    editions.send(written, NAME)
    editions.prepare(written, SLUG, "two", by="amy", via="test")
    body = editions.approval_request(written, "news@two").body
    assert "3 people get both, 0 are new" in body
    assert "/outreach/editions/news@two/audience" in body


def test_approval_at_the_command_line_is_refused_in_production(written: Workspace) -> None:
    prepared(written)
    live = replace(written, settings=replace(written.settings, env="production"))
    with pytest.raises(Refused, match="OUTREACH_CLI_APPROVAL"):
        editions.approve(live, NAME, by="lee", via="cli")
    switched = replace(live, settings=replace(live.settings, cli_approval=True))
    assert editions.approve(switched, NAME, by="lee", via="cli").approved_via == "cli"


def test_a_rejected_edition_writes_to_nobody(written: Workspace) -> None:
    prepared(written)
    editions.reject(written, NAME, by="lee", reason="wrong date")
    with pytest.raises(Refused):
        editions.send(written, NAME)
    account = editions.certificate(written, NAME)
    assert (account.cancelled, account.suppressed, account.balanced) == (3, 1, True)


def test_one_approval_does_not_become_standing_because_the_file_says_so_by_then(
    written: Workspace,
) -> None:
    """An author edits the file between the question and the answer, and puts it back."""
    file = written.settings.campaigns[0] / "news.md"
    asking, standing = (CAMPAIGN.replace("APPROVAL", one) for one in ("person", "standing"))
    file.write_text(asking)
    editions.prepare(written, "news", "one", by="amy", via="test")
    file.write_text(standing)
    editions.approve(written, NAME, by="lee", via="airflow")
    file.write_text(asking)
    editions.prepare(written, "news", "two", by="amy", via="test")
    file.write_text(standing)
    assert not editions.approve_standing(written, "news@two")


def test_a_standing_approval_holds_until_the_file_is_edited(written: Workspace) -> None:
    file = written.settings.campaigns[0] / f"{SLUG}.md"
    file.write_text(CAMPAIGN.replace("APPROVAL", "standing"))
    prepared(written)
    assert not editions.approve_standing(written, NAME)
    editions.approve(written, NAME, by="lee", via="airflow")
    editions.prepare(written, SLUG, "two", by="amy", via="test")
    assert editions.approval_request(written, "news@two").standing
    assert editions.approve_standing(written, "news@two")
    file.write_text(file.read_text() + "\nOne more line.\n")
    editions.prepare(written, SLUG, "three", by="amy", via="test")
    assert not editions.approve_standing(written, "news@three")


def test_an_edition_waits_for_its_time_and_is_never_sent_late(written: Workspace) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    editions.prepare(written, SLUG, "one", by="amy", via="test", send_at=soon)
    editions.approve(written, NAME, by="lee", via="airflow")
    assert editions.send_time(written, NAME) == soon
    with pytest.raises(Refused, match="not before"):
        editions.send(written, NAME)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    editions.prepare(written, SLUG, "soon", by="amy", via="test", send_at=soon)
    editions.approve(written, "news@soon", by="lee", via="airflow")
    assert editions.send(written, "news@soon").handed_over == 3
    assert datetime.now(UTC) >= soon
    past = datetime.now(UTC) - timedelta(days=2)
    editions.prepare(written, SLUG, "late", by="amy", via="test", due=past)
    editions.approve(written, "news@late", by="lee", via="airflow")
    with pytest.raises(Refused, match="too late"):
        editions.send(written, "news@late")
    account = editions.certificate(written, "news@late")
    assert (account.cancelled, account.reasons["cancelled"]) == (3, {"too late": 3})
    assert not [one for one in outbox(written) if "soon" not in str(one)]


def test_pause_resume_and_cancel_keep_an_exact_account(written: Workspace) -> None:
    approved(written)
    editions.pause(written, NAME, by="amy", via="test", reason="board asked")
    held = editions.send(written, NAME)
    assert (held.handed_over, held.finished) == (0, False)
    assert "board asked" in held.why
    editions.resume(written, NAME, by="amy", via="test")
    editions.cancel(written, NAME, by="amy", via="test", reason="wrong link")
    account = editions.settle(written, NAME)
    assert (account.cancelled, account.accepted, account.balanced) == (3, 0, True)
    with pytest.raises(Refused, match="nothing left to steer"):
        editions.resume(written, NAME, by="amy", via="test")
    with written.engine.connect() as connection:
        actions = connection.execute(sa.select(audit.c.action).order_by(audit.c.id)).scalars().all()
    assert actions[-4:] == ["approve", "pause", "run", "cancel"]


def test_missing_values_block_and_say_whom_they_concern(written: Workspace) -> None:
    file = written.settings.campaigns[0] / f"{SLUG}.md"
    file.write_text(
        file.read_text().replace(
            "{{ contact.first_name or 'colleague' }}", "{{ contact.last_name }}"
        )
    )
    prepared(written)
    found = editions.blocking(editions.check(written, NAME))
    assert any("contact.last_name" in f.message and "3" in f.message for f in found)
    with pytest.raises(Refused, match=r"contact\.last_name"):
        editions.approve(written, NAME, by="lee", via="airflow")


def test_a_broken_file_is_named_with_its_line(written: Workspace) -> None:
    (written.settings.campaigns[0] / "broken.md").write_text(
        "---\ntitle: x\nnonsense: 1\n---\nHi\n"
    )
    with pytest.raises(InputError, match=r"broken\.md:"):
        editions.prepare(written, "broken", by="amy", via="test")
    assert prepared(written).created
    for slug in ("nothing", "ken", ""):
        with pytest.raises(NotFound, match="news"):
            editions.prepare(written, slug, by="amy", via="test")


@pytest.mark.parametrize("occurrence", ["a b", "../x", "x" * 65, "<b>", "one+again1"])
def test_an_occurrence_is_a_plain_name(written: Workspace, occurrence: str) -> None:
    with pytest.raises(InputError, match="occurrence"):
        editions.prepare(written, SLUG, occurrence, by="amy", via="test")


def test_narrowing_only_takes_people_away() -> None:
    rule = Segment.of(sectors=("Dentistry", "Optometry"), pledged_within_days=14)
    kept = rule.narrowed(
        Segment.of(
            sectors=("Optometry", "General Practice"), boroughs=("Camden",), pledged_within_days=30
        )
    )
    assert kept.described() == (
        "sector is Optometry; has pledged in the last 14 days; borough is Camden; "
        "has pledged in the last 30 days"
    )
    with pytest.raises(Refused, match="leaves nobody"):
        rule.narrowed(Segment.of(sectors=("General Practice",)))
    with pytest.raises(Refused, match="opposite"):
        Segment.of(pledged=True).narrowed(Segment.of(pledged=False))


def test_a_campaign_edited_while_it_is_sent_goes_as_it_was_approved(written: Workspace) -> None:
    approved(written)
    file = written.settings.campaigns[0] / f"{SLUG}.md"
    file.write_text(file.read_text().replace("Stay in touch.", "CHANGED"))
    editions.send(written, NAME)
    assert len(outbox(written)) == 3
    assert not any(b"CHANGED" in one.read_bytes() for one in outbox(written))


def test_frozen_rows_name_their_occasion(written: Workspace) -> None:
    prepared(written)
    with written.engine.connect() as connection:
        found = set(connection.execute(sa.select(delivery.c.occasion)).scalars())
        assert connection.execute(sa.select(sa.func.count()).select_from(pledge)).scalar() == 0
    assert found == {NAME}


def test_a_time_to_send_that_has_passed_is_refused(written: Workspace) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    with pytest.raises(InputError, match="has passed"):
        editions.prepare(written, SLUG, "one", by="amy", via="test", send_at=past)


def test_production_needs_a_sender_that_is_not_made_up(written: Workspace) -> None:
    bare = replace(written.settings, env="production", sender=None)
    with pytest.raises(ConfigError, match="OUTREACH_FROM"):
        prepared(replace(written, settings=bare))
    live = replace(bare, sender=Mailbox("news@hub.nhs.uk", "Hub"))
    assert prepared(replace(written, settings=live)).created


def test_what_limits_an_edition_is_frozen_with_it_and_shown(written: Workspace) -> None:
    prepared(written)
    with written.engine.connect() as connection:
        row = connection.execute(sa.select(edition)).one()
    assert (row.late_after_hours, row.goal, row.capped) == (4, "", True)
    editions.approve(written, NAME, by="lee", via="airflow")
    editions.send(written, NAME)
    limits = replace(written.hub.limits, emails_per_person=1)
    limited = replace(written, hub=replace(written.hub, limits=limits))
    again = editions.prepare(limited, SLUG, "two", by="amy", via="test")
    assert again.planned == 0
    assert again.suppressed["had 1 or more emails in the last 7 days"] == 3


def test_a_rule_that_names_no_edition_stops_and_writes_to_nobody(written: Workspace) -> None:
    """`not got` something that never was would go to everybody."""
    file = written.settings.campaigns[0] / f"{SLUG}.md"
    rule = "segment: >-\n  not got 'news@on'\n  and not got campaign 'nws'"
    file.write_text(file.read_text().replace("segment:\n  sectors: [Dentistry]", rule))
    with pytest.raises(InputError) as caught:
        editions.prepare(written, SLUG, "two", by="amy", via="test")
    lines = file.read_text().split("\n")
    for fault, name in zip(caught.value.faults, ("news@on", "nws"), strict=True):
        assert lines[fault.line - 1][int(fault.column) - 1 :].startswith(name)
        assert f"called “{name}”" in fault.message
    assert "did you mean “news”?" in caught.value.faults[1].message
    file.write_text(file.read_text().replace("news@on", "news@one").replace("nws", "news"))
    with pytest.raises(InputError, match="there is no edition called “news@one”"):
        editions.prepare(written, SLUG, "two", by="amy", via="test")


def test_a_rule_about_an_earlier_edition_selects_by_it(written: Workspace) -> None:
    approved(written)
    editions.send(written, NAME)
    file = written.settings.campaigns[0] / f"{SLUG}.md"
    rule = "segment: not got 'news@one' and not written to in the last 1 day"
    file.write_text(file.read_text().replace("segment:\n  sectors: [Dentistry]", rule))
    made = editions.prepare(written, SLUG, "two", by="amy", via="test")
    assert (made.planned, made.suppressed) == (1, {"unsubscribed": 1})
    assert made.excluded == {"outside the audience: got news@one": 3}
