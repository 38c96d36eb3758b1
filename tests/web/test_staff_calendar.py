"""The calendar: what will go to how many, when, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.ledger.seeds import add_contact

from outreach.clock import LONDON
from outreach.flows import control, editions
from outreach.ledger.people import contact, pledge
from outreach.limits import Limits
from outreach.reports import calendar_people
from outreach.reports.calendar import Calendar, Line, calendar
from outreach.scheduling.closing import Closings, Freeze, QuietHours
from outreach.workspace import Workspace

FILE = """---
title: {title}
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
owner: amy
{fields}
---
Dear colleague,
"""
FILES = {
    "tuesdays": "trigger: timetable\ntimetable: every Tuesday 10:00\nsegment: {sectors: [Dentistry]}",
    "lunch": "trigger: timetable\ntimetable: every Tuesday 10:30\nfrequency: exempt",
    "evening": "trigger: timetable\ntimetable: first Wednesday of the month 20:00",
    "welcome": "trigger: new_pledges\noccasion: pledge\nsegment: {pledged: true}\napproval: standing",
    "seven": "trigger: after_pledge\nafter_pledge: 7 days\nat: 09:00\njourney: after",
    "month": "trigger: after_pledge\nafter_pledge: 30 days\nat: 09:00\njourney: after",
    "over": "trigger: timetable\ntimetable: [2026-01-05 10:00]",
}
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday."""


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_people, "_KEPT", calendar_people._Kept())


@pytest.fixture
def planned(with_campaigns: Callable[..., Workspace], tmp_path: Path) -> Workspace:
    folder = tmp_path / "campaigns"
    folder.mkdir()
    for slug, fields in FILES.items():
        (folder / f"{slug}.md").write_text(FILE.format(title=slug.title(), fields=fields))
    ws = with_campaigns(folder)
    with ws.engine.begin() as connection:
        connection.execute(sa.update(contact).values(erased_at=NOW))
        for number in range(5):
            sector = "Dentistry" if number < 3 else "Optometry"
            made = add_contact(connection, ws.keys, f"cal{number}@example.org", sector=sector)
            if number < 2:
                connection.execute(
                    sa.insert(pledge).values(
                        contact_id=made,
                        address_hash=ws.keys.address_hash(f"cal{number}@example.org"),
                        pledged_at=NOW - timedelta(days=6),
                        recorded_at=NOW,
                    )
                )
        add_contact(connection, ws.keys, "nobody@example.org", bases=(), sector="Dentistry")
    return ws


def line(found: Calendar, slug: str, at: str) -> Line:
    wanted = datetime.fromisoformat(at).replace(tzinfo=LONDON)
    (one,) = [one for one in found.lines if one.campaign == slug and one.at == wanted]
    return one


def test_every_slot_of_four_weeks_says_how_many_people_it_would_reach(planned: Workspace) -> None:
    found = calendar(planned, now=NOW)
    tuesdays = [one for one in found.lines if one.campaign == "tuesdays"]
    assert [one.at.day for one in tuesdays] == [24, 1, 8, 15]
    assert {one.people for one in tuesdays} == {3}
    assert {one.approval for one in tuesdays} == {"asks lee"}
    assert line(found, "lunch", "2026-11-24T10:30").people == 5
    # Those who pledged six days ago, on Tuesday 17: due on Tuesday 24.
    assert line(found, "seven", "2026-11-24T09:00").people == 2
    assert len([one for one in found.lines if one.campaign == "seven"]) == 1
    assert line(found, "month", "2026-12-17T09:00").people == 2
    assert [one.campaign for one in found.others] == ["welcome"]
    assert not [one for one in found.lines if one.campaign == "over"]


def test_clashes_are_named_with_how_many_they_concern(planned: Workspace) -> None:
    limited = replace(planned, hub=replace(planned.hub, limits=Limits(emails_per_person=1)))
    found = calendar(limited, now=NOW)
    one = line(found, "tuesdays", "2026-12-01T10:00")
    assert one.clashes == (
        "Within an hour of “Lunch”",
        "3 people would get more than 1 email this day, with “Lunch”; the limit "
        "leaves them out of what comes later",
    )
    exempt = line(found, "lunch", "2026-12-01T10:30")
    assert exempt.clashes[-1].endswith("this day, with “Tuesdays”")


def test_quiet_hours_freezes_and_bank_holidays_are_shown(planned: Workspace) -> None:
    freeze = Freeze(
        datetime(2026, 12, 8, tzinfo=UTC), datetime(2026, 12, 9, tzinfo=UTC), "incident", ("lunch",)
    )
    closings = Closings(QuietHours(time(19), time(8), weekends=True), (freeze,))
    closed = replace(planned, hub=replace(planned.hub, closings=closings))
    found = calendar(closed, weeks=5, now=NOW)
    evening = line(found, "evening", "2026-12-02T20:00")
    assert evening.clashes[0].startswith("It will be left out: quiet hours, 19:00 to 08:00")
    assert (
        line(found, "tuesdays", "2026-12-08T10:00")
        .clashes[0]
        .startswith("It will be left out: a freeze (incident)")
    )
    assert not [c for c in line(found, "lunch", "2026-12-08T10:30").clashes if "freeze" in c]
    days = {one.day.isoformat(): one for one in found.days}
    assert days["2026-12-25"].holiday == "Christmas Day"
    assert days["2026-12-08"].freezes == ("incident (not for lunch)",)


def test_an_edition_with_a_time_of_its_own_and_a_held_campaign_are_shown(
    planned: Workspace,
) -> None:
    now = datetime.now(UTC)
    at = now + timedelta(days=3)
    editions.prepare(planned, "lunch", "special", by="amy", via="test", send_at=at)
    control.hold_campaign(planned, "lunch", by="amy", via="test", reason="a wrong link")
    found = calendar(planned, now=now)
    (one,) = [one for one in found.lines if one.edition == "lunch@special"]
    assert (one.at, one.people, one.approval) == (at, 5, "not approved yet")
    assert "Held by amy: a wrong link" in one.clashes


def test_a_slot_that_is_prepared_already_shows_its_edition(planned: Workspace) -> None:
    slot = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
    editions.prepare(planned, "lunch", "2026-11-24", by="amy", via="test", due=slot)
    assert (
        line(calendar(planned, now=NOW), "lunch", "2026-11-24T10:30").edition == "lunch@2026-11-24"
    )


def test_each_audience_is_counted_once(planned: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar(planned, now=NOW)
    told: list[str] = []
    sa.event.listen(planned.engine, "before_cursor_execute", lambda *given: told.append(given[2]))
    calendar(planned, now=NOW)
    assert not [one for one in told if "count(" in one and "FROM contact" in one]


def test_a_page_that_may_not_count_for_long_shows_what_it_has_and_goes_on(
    planned: Workspace,
) -> None:
    hasty = calendar(planned, now=NOW, seconds=0)
    assert hasty.uncounted
    assert line(hasty, "lunch", "2026-11-24T10:30").people is None
    assert line(hasty, "seven", "2026-11-24T09:00").people == 2
    calendar(planned, now=NOW)
    again = calendar(planned, now=NOW, seconds=0)
    assert not again.uncounted
    assert line(again, "lunch", "2026-11-24T10:30").people == 5


def test_the_page_shows_it_as_a_table(client: TestClient) -> None:
    shown = client.get("calendar").text
    assert "<caption>What is due, day by day</caption>" in shown
    assert "What WRES is, and what the London survey found" in shown
    assert "asks lee" in shown
    assert client.get("calendar?weeks=0").status_code == 400
    assert "Calendar" in client.get("").text


def test_a_campaigns_page_shows_its_next_slots_and_its_journey(
    planned: Workspace, one_app: object, client: TestClient
) -> None:
    one_app.ws = planned  # type: ignore[attr-defined]
    assert "Never again: every date has passed" in client.get("campaigns/over").text
    seven = client.get("campaigns/seven").text
    assert "The journey after" in seven
    assert "30 days after the pledge, at 09:00" in seven
    assert "7 days after a pledge, at 09:00 on a working day, London time" in seven
