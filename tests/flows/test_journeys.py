"""Steps after a pledge: never double, through downtime, and never late unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import EditionState
from outreach.errors import Refused
from outreach.flows import editions, previewing
from outreach.ledger.editions import delivery, edition, exclusion
from outreach.ledger.people import contact, pledge
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact

FILE = """---
title: Step
purpose: public_task
basis_reason: It is our task.
subject: Your pledge
preview: What to do next.
trigger: after_pledge
at: "10:00"
owner: amy
{fields}
---
Dear {{{{ contact.first_name or 'colleague' }}}},
"""

STEPS = {
    "day-7": "journey: after\nafter_pledge: 7 days",
    "day-180": "journey: after\nafter_pledge: 180 days\ngoal: renewed",
    "close-7": "journey: close\nafter_pledge: 7 days",
    "close-9": "journey: close\nafter_pledge: 9 days",
    "anew": "after_pledge: 7 days\nrenewals: true",
}


@pytest.fixture
def journey(ws: Workspace, tmp_path: Path) -> Workspace:
    folder = tmp_path / "campaigns"
    folder.mkdir()
    for slug, fields in STEPS.items():
        (folder / f"{slug}.md").write_text(FILE.format(fields=fields))
    return replace(ws, settings=replace(ws.settings, campaigns=(folder,)))


def at(day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=LONDON).astimezone(UTC)


def pledged(ws: Workspace, name: str, *days: str, clock: str = "12:00") -> int:
    address = f"{name}@example.org"
    with ws.engine.begin() as connection:
        found = connection.execute(
            sa.select(contact.c.id).where(contact.c.address_hash == ws.keys.address_hash(address))
        ).scalar()
        contact_id = found or add_contact(connection, ws.keys, address)
        for number, day in enumerate(days):
            connection.execute(
                sa.insert(pledge).values(
                    contact_id=contact_id,
                    address_hash=ws.keys.address_hash(address),
                    pledged_at=at(day, clock),
                    recorded_at=at(day),
                    renewal=bool(found) or number > 0,
                )
            )
    return int(contact_id)


def run(ws: Workspace, slug: str, day: str, **more: Any) -> editions.Prepared:
    """What the daily run of a step does on a day."""
    return editions.prepare(ws, slug, day, by="airflow", via="airflow", due=at(day), **more)


def send(ws: Workspace, slug: str, day: str) -> list[str]:
    """Run a step, approve it and send it; return who got it."""
    name = f"{slug}@{day}"
    if not run(ws, slug, day).planned:
        return []
    go(ws, name)
    return who(ws, name)


def go(ws: Workspace, name: str) -> None:
    editions.approve(ws, name, by="lee", via="airflow")
    with ws.engine.begin() as connection:  # the day is not today's
        connection.execute(sa.update(edition).where(edition.c.name == name).values(late_after=None))
    editions.send(ws, name)
    editions.settle(ws, name)


def who(ws: Workspace, name: str) -> list[str]:
    with ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(contact.c.first_name)
            .join(delivery, delivery.c.contact_id == contact.c.id)
            .join(edition, edition.c.id == delivery.c.edition_id)
            .where(edition.c.name == name, delivery.c.state.is_(None))
            .order_by(contact.c.first_name)
        )
        return list(rows.scalars())


# Monday 1 March 2027; the seventh day after is Monday 8.


def test_a_step_goes_to_whoever_is_due_and_to_nobody_else(journey: Workspace) -> None:
    pledged(journey, "due", "2027-03-01")
    pledged(journey, "early", "2027-03-02")
    pledged(journey, "midnight", "2027-03-01", clock="23:59")
    assert send(journey, "day-7", "2027-03-08") == ["due", "midnight"]
    assert send(journey, "day-7", "2027-03-09") == ["early"]


def test_a_step_due_at_a_weekend_goes_on_the_next_working_day(journey: Workspace) -> None:
    pledged(journey, "saturday", "2027-02-27")
    pledged(journey, "friday", "2027-02-26")
    pledged(journey, "easter", "2027-03-19")
    assert send(journey, "day-7", "2027-03-05") == ["friday"]
    assert send(journey, "day-7", "2027-03-08") == ["saturday"]
    # Good Friday is 26 March, Easter Monday 29.
    assert send(journey, "day-7", "2027-03-30") == ["easter"]


def test_the_same_run_twice_or_cleared_writes_to_nobody_again(journey: Workspace) -> None:
    pledged(journey, "due", "2027-03-01")
    assert send(journey, "day-7", "2027-03-08") == ["due"]
    assert not run(journey, "day-7", "2027-03-08").created
    for day in ("2027-03-09", "2027-03-10"):
        again = run(journey, "day-7", day)
        assert (again.created, again.state, again.planned) == (False, "", 0)
        assert "nobody's step is due" in again.message


def test_a_day_without_anybody_due_makes_no_edition(journey: Workspace) -> None:
    pledged(journey, "early", "2027-03-07")
    run(journey, "day-7", "2027-03-08")
    with journey.engine.connect() as connection:
        assert connection.execute(sa.select(edition.c.id)).first() is None


def test_after_downtime_what_is_overdue_is_listed_once_and_not_sent(journey: Workspace) -> None:
    pledged(journey, "grace", "2027-03-04")  # due Thursday 11
    pledged(journey, "over", "2027-03-03")  # due Wednesday 10
    pledged(journey, "due", "2027-03-08")
    first = run(journey, "day-7", "2027-03-15")
    assert first.planned == 2
    assert first.suppressed == {"step was due on 10 March 2027, 3 working days ago": 1}
    go(journey, "day-7@2027-03-15")
    assert who(journey, "day-7@2027-03-15") == ["due", "grace"]
    assert editions.certificate(journey, "day-7@2027-03-15").balanced
    assert run(journey, "day-7", "2027-03-16").state == ""


def test_a_new_journey_over_thousands_of_old_pledges_writes_to_nobody(journey: Workspace) -> None:
    with journey.engine.begin() as connection:
        first = add_contact(connection, journey.keys, "first@example.org")
        people = [
            {
                "id": first + n,
                "email": f"p{n}@example.org",
                "address_hash": n.to_bytes(16, "big"),
                "domain_hash": b"d" * 16,
                "created_at": at("2026-01-01"),
                "updated_at": at("2026-01-01"),
            }
            for n in range(1, 3_000)
        ]
        connection.execute(sa.insert(contact), people)
        pledges = [
            {
                "contact_id": one["id"],
                "address_hash": one["address_hash"],
                "pledged_at": at("2025-01-01") + timedelta(hours=n),
                "recorded_at": at("2026-01-01"),
            }
            for n, one in enumerate(people)
        ]
        connection.execute(sa.insert(pledge), pledges)
    done = run(journey, "day-7", "2027-03-15")
    assert done.planned == 0
    assert done.suppressed == {"step was due more than 20 working days ago": 2_999}
    assert run(journey, "day-7", "2027-03-16").state == ""


def test_a_person_can_ask_for_what_is_overdue_once(journey: Workspace) -> None:
    pledged(journey, "over", "2027-02-01")
    assert run(journey, "day-7", "2027-03-15").planned == 0
    asked = previewing.preview(journey, "day-180", overdue=True)
    assert asked.planned == 0
    made = editions.prepare(journey, "anew", by="amy", via="test", overdue=True)
    assert made.edition.endswith("-overdue")
    later = editions.prepare(
        journey, "day-7", "asked", by="amy", via="test", due=at("2027-02-09"), overdue=True
    )
    assert later.planned == 1
    go(journey, "day-7@asked")
    assert who(journey, "day-7@asked") == ["over"]
    again = editions.prepare(
        journey, "day-7", "asked-again", by="amy", via="test", due=at("2027-02-09"), overdue=True
    )
    assert again.state == ""


def test_overdue_steps_cannot_be_asked_of_another_campaign(ws: Workspace) -> None:
    with pytest.raises(Refused, match="no step after a pledge"):
        editions.prepare(ws, "what-is-wres", by="amy", via="test", overdue=True)


def test_of_two_steps_due_on_one_day_after_downtime_only_the_later_goes(
    journey: Workspace,
) -> None:
    # Due on Friday 12 and, the ninth day being Sunday, on Monday 15.
    pledged(journey, "both", "2027-03-05")
    seventh = run(journey, "close-7", "2027-03-15")
    assert seventh.planned == 0
    assert seventh.suppressed == {"the journey's next step is due too: 9 days": 1}
    assert send(journey, "close-9", "2027-03-15") == ["both"]
    assert run(journey, "close-7", "2027-03-16").state == ""


def test_whoever_withdraws_or_renews_between_prepare_and_claim_is_left_out(
    journey: Workspace,
) -> None:
    for name in ("stays", "withdraws", "renews"):
        pledged(journey, name, "2026-09-09")
    prepared = run(journey, "day-180", "2027-03-08")
    assert prepared.planned == 3
    pledged(journey, "renews", "2027-03-07")
    with journey.engine.begin() as connection:
        connection.execute(
            sa.update(pledge)
            .where(pledge.c.address_hash == journey.keys.address_hash("withdraws@example.org"))
            .values(withdrawn_at=at("2027-03-08"))
        )
    go(journey, "day-180@2027-03-08")
    account = editions.certificate(journey, "day-180@2027-03-08")
    assert account.accepted == 1
    assert account.reasons["suppressed"] == {
        "goal reached: has renewed the pledge": 1,
        "pledge withdrawn": 1,
    }


def test_whoever_has_renewed_already_is_left_out_with_the_reason(journey: Workspace) -> None:
    pledged(journey, "renewed", "2026-09-09", "2027-01-05")
    done = run(journey, "day-180", "2027-03-08")
    assert done.suppressed == {"goal reached: has renewed the pledge": 1}


def test_a_renewal_begins_the_journey_anew_only_where_the_file_says_so(
    journey: Workspace,
) -> None:
    pledged(journey, "again", "2026-09-09", "2027-03-01")
    assert send(journey, "day-7", "2027-03-08") == []
    assert send(journey, "anew", "2027-03-08") == ["again"]


def test_somebody_erased_and_imported_again_does_not_get_a_step_twice(journey: Workspace) -> None:
    first = pledged(journey, "back", "2027-03-01")
    assert send(journey, "day-7", "2027-03-08") == ["back"]
    mine = contact.c.id == first
    with journey.engine.begin() as connection:
        erased = {"erased_at": at("2027-03-08"), "email": None}
        connection.execute(sa.update(contact).where(mine).values(**erased))
        connection.execute(sa.delete(pledge).where(pledge.c.contact_id == first))
        again = {"erased_at": None, "email": "back@example.org"}
        connection.execute(sa.update(contact).where(mine).values(**again))
    pledged(journey, "back", "2027-03-01")
    with journey.engine.begin() as connection:
        connection.execute(sa.update(pledge).values(renewal=False))
    assert run(journey, "day-7", "2027-03-09").planned == 0


def test_an_edition_that_never_began_leaves_its_steps_to_the_next_day(journey: Workspace) -> None:
    pledged(journey, "due", "2027-03-01")
    run(journey, "day-7", "2027-03-08")
    editions.reject(journey, "day-7@2027-03-08", by="lee", reason="a typing error")
    assert send(journey, "day-7", "2027-03-09") == ["due"]


def test_a_run_that_is_hours_late_sends_nothing(journey: Workspace) -> None:
    pledged(journey, "due", "2026-11-02")
    run(journey, "day-7", "2026-11-09")
    editions.approve(journey, "day-7@2026-11-09", by="lee", via="airflow")
    with pytest.raises(Refused, match="too late"):
        editions.send(journey, "day-7@2026-11-09")
    state = editions.certificate(journey, "day-7@2026-11-09").state
    assert state == EditionState.CANCELLED


def test_only_those_whose_step_is_due_are_listed_with_why_they_were_left_out(
    journey: Workspace,
) -> None:
    file = journey.settings.campaigns[0] / "day-7.md"
    text = file.read_text()
    file.write_text(text.replace("owner: amy", "owner: amy\nsegment: {sectors: [Dentistry]}"))
    pledged(journey, "optician", "2027-03-01")
    pledged(journey, "old", "2026-03-01")
    pledged(journey, "new", "2027-03-07")
    dentist = pledged(journey, "dentist", "2027-03-01")
    with journey.engine.begin() as connection:
        connection.execute(
            sa.update(contact).where(contact.c.id == dentist).values(sector="Dentistry")
        )
    assert run(journey, "day-7", "2027-03-08").planned == 1
    with journey.engine.connect() as connection:
        assert list(connection.execute(sa.select(exclusion.c.reason)).scalars()) == [
            "outside the audience: sector"
        ]
