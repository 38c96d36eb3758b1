"""A follow-up goes to exactly those who were accepted, or failed, in the edition it follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import Following
from outreach.errors import InputError, NotFound, Refused
from outreach.flows import certifying, editions, following, resending
from outreach.flows.erasing import erase_person
from outreach.hub import Hub
from outreach.ledger.editions import delivery, edition
from outreach.ledger.people import pledge
from outreach.limits import Limits
from outreach.workspace import Workspace
from tests.ledger.seeds import NOW, add_contact, suppress

FIRST = "news@one"
FILE = """---
title: {title}
purpose: public_task
basis_reason: It is our task.
subject: {title}
preview: What is new.
owner: amy
{more}---
Dear {{{{ contact.first_name or 'colleague' }}}},

{title}.
"""
STATES = {"failed": "failed", "doubt": "unknown", "bounced": "bounced"}


@pytest.fixture
def sent(ws: Workspace, tmp_path: Path) -> Workspace:
    """An edition that was sent to six: one failed, one is in doubt, one bounced since."""
    folder = tmp_path / "campaigns"
    folder.mkdir()
    more = "segment: borough is 'Barnet' and not pledged\nfrequency: capped\n"
    (folder / "news.md").write_text(FILE.format(title="News", more=""))
    (folder / "mended.md").write_text(FILE.format(title="Correction", more=more))
    ws = replace(ws, settings=replace(ws.settings, campaigns=(folder,)))
    with ws.engine.begin() as connection:
        for name in ("one", "two", "three", *STATES):
            add_contact(connection, ws.keys, f"{name}@example.org")
    editions.prepare(ws, "news", "one", by="amy", via="test")
    with ws.engine.begin() as connection:
        add_contact(connection, ws.keys, "later@example.org", borough="Barnet")
    editions.approve(ws, FIRST, by="lee", via="airflow")
    editions.send(ws, FIRST)
    editions.settle(ws, FIRST)
    with ws.engine.begin() as connection:
        for name, state in STATES.items():
            mine = delivery.c.address_hash == ws.keys.address_hash(f"{name}@example.org")
            connection.execute(sa.update(delivery).where(mine).values(state=state, reason="seen"))
    return ws


def make(ws: Workspace, to: str = "accepted") -> editions.Prepared:
    return following.follow_up(ws, following.following(FIRST, to), "mended", by="amy", via="test")


def written_to(ws: Workspace, name: str) -> set[str]:
    planned = sa.select(delivery.c.email).join(edition).where(edition.c.name == name)
    with ws.engine.connect() as connection:
        found = connection.execute(planned.where(delivery.c.batch_id.is_not(None))).scalars()
        return {str(one).partition("@")[0] for one in found}


def test_it_goes_to_exactly_those_who_were_accepted_whatever_its_own_segment(
    sent: Workspace,
) -> None:
    made = make(sent)
    assert made.edition == "mended@accepted-news.one"
    assert written_to(sent, made.edition) == {"one", "two", "three", "bounced"}
    assert made.excluded == {
        f"in doubt in {FIRST}: settle it first": 1,
        f"outside the audience: was not accepted in {FIRST}": 2,
    }


def test_it_goes_to_exactly_those_who_failed(sent: Workspace) -> None:
    made = make(sent, "failed")
    assert (made.edition, made.planned) == ("mended@failed-news.one", 1)
    assert written_to(sent, made.edition) == {"failed"}


def test_asked_for_twice_it_is_made_once(sent: Workspace) -> None:
    first = make(sent)
    editions.approve(sent, first.edition, by="lee", via="airflow")
    editions.send(sent, first.edition)
    again = make(sent)
    assert (first.created, again.created, again.edition) == (True, False, first.edition)
    assert editions.send(sent, first.edition).handed_over == 0


def test_nothing_goes_before_it_is_approved_and_an_author_cannot(sent: Workspace) -> None:
    made = make(sent)
    with pytest.raises(Refused, match="only an approved edition"):
        editions.send(sent, made.edition)
    with pytest.raises(Refused, match="author cannot approve"):
        editions.approve(sent, made.edition, by="amy", via="airflow")
    asked = editions.approval_request(sent, made.edition)
    assert f"follows up {FIRST}: it goes to everyone who was accepted in {FIRST}." in asked.body


def test_a_standing_approval_does_not_cover_it(sent: Workspace) -> None:
    """It was given for the campaign's own audience, not for everybody who got something else."""
    file = sent.settings.campaigns[0] / "mended.md"
    standing = file.read_text().replace("owner: amy", "owner: amy\napproval: standing")
    file.write_text(standing.replace("segment: borough is 'Barnet' and not pledged\n", ""))
    editions.prepare(sent, "mended", "one", by="amy", via="test")
    editions.approve(sent, "mended@one", by="lee", via="airflow")
    made = make(sent)
    assert not editions.approval_request(sent, made.edition).standing
    assert not editions.approve_standing(sent, made.edition)
    editions.prepare(sent, "mended", "two", by="amy", via="test")
    assert editions.approve_standing(sent, "mended@two")


def test_suppression_and_erasure_are_honoured_with_their_reasons(sent: Workspace) -> None:
    with sent.engine.begin() as connection:
        suppress(connection, sent.keys, "two@example.org", "objected")
    erase_person(sent, "three@example.org", by="dana", via="test")
    made = make(sent)
    assert made.suppressed == {"objected": 1, "erased": 1}
    assert written_to(sent, made.edition) == {"one", "bounced"}
    assert editions.certificate(sent, made.edition).balanced
    with sent.engine.begin() as connection:
        suppress(connection, sent.keys, "one@example.org", "left")
    editions.approve(sent, made.edition, by="lee", via="airflow")
    assert editions.send(sent, made.edition).handed_over == 1


def test_neither_the_cap_nor_a_pledge_holds_a_correction_back(sent: Workspace) -> None:
    hub: Hub = replace(sent.hub, limits=Limits(emails_per_person=1, in_days=30))
    tight = replace(sent, hub=hub)
    with sent.engine.begin() as connection:
        contact_id = connection.execute(
            sa.select(delivery.c.contact_id).where(delivery.c.email == "one@example.org")
        ).scalar_one()
        connection.execute(
            sa.insert(pledge).values(
                contact_id=contact_id,
                address_hash=sent.keys.address_hash("one@example.org"),
                pledged_at=NOW,
                recorded_at=NOW,
            )
        )
    made = make(tight)
    editions.approve(tight, made.edition, by="lee", via="airflow")
    assert editions.send(tight, made.edition).handed_over == 4


def test_both_editions_say_so(sent: Workspace) -> None:
    made = make(sent)
    assert certifying.account(sent, made.edition).facts.follows == (
        f"everyone who was accepted in {FIRST}"
    )
    assert certifying.account(sent, FIRST).facts.follow_ups == (made.edition,)


def test_a_look_keeps_nothing_and_counts_the_same(sent: Workspace) -> None:
    found = following.look(sent, Following(FIRST, "accepted"), "mended")
    assert (found.followed, found.in_doubt, found.preview.planned) == (4, 1, 4)
    assert "Nothing was kept" in found.message
    with sent.engine.connect() as connection:
        assert connection.execute(sa.select(edition.c.name)).scalars().all() == [FIRST]


def test_what_cannot_be_followed_is_refused_with_the_way_on(sent: Workspace) -> None:
    editions.prepare(sent, "news", "two", by="amy", via="test")
    for name, to, slug, kind, said in (
        ("news@two", "accepted", "mended", Refused, "not clear yet who gets it"),
        ("news@never", "accepted", "mended", NotFound, "there is no edition"),
        (FIRST, "accepted", "never", NotFound, "there is no campaign"),
        (FIRST, "accepted", "news", Refused, "have this very copy"),
        (FIRST, "opened", "mended", InputError, "accepted or failed"),
    ):
        with pytest.raises(kind, match=said):
            following.follow_up(sent, following.following(name, to), slug, by="amy", via="test")
    editions.cancel(sent, "news@two", by="amy", via="test")
    with pytest.raises(Refused, match="nobody"):
        following.follow_up(sent, Following("news@two", "accepted"), "mended", by="amy", via="test")


def test_a_name_that_another_edition_took_is_not_mistaken_for_it(sent: Workspace) -> None:
    name = Following(FIRST, "accepted").occurrence
    editions.prepare(sent, "mended", name, by="amy", via="test")
    with pytest.raises(Refused, match="does not follow"):
        make(sent)


@pytest.mark.parametrize(
    "name", ["what-is-wres@2026-11-24", f"{'a' * 60}@one", "news@one+again1", "a.b@c.d:e"]
)
def test_each_edition_gives_its_follow_ups_names_of_their_own(name: str) -> None:
    from outreach.flows.preparing import _named

    both = {Following(name, "accepted").occurrence, Following(name, "failed").occurrence}
    assert len(both) == 2
    assert {_named(one, NOW, overdue=False) for one in both} == both


def resent(ws: Workspace) -> str:
    """The one who failed, ordered to be sent the same message again."""
    failed = ws.keys.address_hash("failed@example.org")
    with ws.engine.connect() as connection:
        mine = sa.select(delivery.c.edition_id, delivery.c.contact_id)
        theirs = mine.where(delivery.c.address_hash == failed).order_by(delivery.c.edition_id)
        row = connection.execute(theirs).first()
        assert row
    opaque = ws.keys.delivery_id(row.edition_id, row.contact_id)
    return resending.resend(ws, FIRST, [opaque], by="lee", via="test", reason="it got lost")


def test_who_was_reached_by_a_resend_is_not_followed_up_as_one_who_failed(
    sent: Workspace,
) -> None:
    editions.send(sent, resent(sent))
    assert make(sent, "failed").planned == 0


@pytest.mark.parametrize("resend_first", [True, False])
def test_a_resend_and_a_follow_up_never_both_reach_who_failed(
    sent: Workspace, resend_first: bool
) -> None:
    made = following.follow_up(
        sent, following.following(FIRST, "failed"), "news", by="amy", via="test"
    )
    assert made.planned == 1
    editions.approve(sent, made.edition, by="lee", via="airflow")
    names = [resent(sent), made.edition]
    sends = [editions.send(sent, one) for one in (names if resend_first else reversed(names))]
    assert [one.handed_over for one in sends] == [1, 0]
    assert all(editions.certificate(sent, one).balanced for one in names)


def test_who_turns_out_to_have_been_reached_is_not_sent_the_same_once_more(
    sent: Workspace,
) -> None:
    """A failure that a person settled, and that an event put right before the follow-up went."""
    made = following.follow_up(
        sent, following.following(FIRST, "failed"), "news", by="amy", via="test"
    )
    editions.approve(sent, made.edition, by="lee", via="airflow")
    first = sa.select(edition.c.id).where(edition.c.name == FIRST).scalar_subquery()
    mine = delivery.c.address_hash == sent.keys.address_hash("failed@example.org")
    with sent.engine.begin() as connection:
        connection.execute(
            sa.update(delivery)
            .where(mine, delivery.c.edition_id == first)
            .values(state="delivered")
        )
    assert editions.send(sent, made.edition).handed_over == 0
