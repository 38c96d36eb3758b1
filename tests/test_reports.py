"""What reports say, apart from how pages show it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain import Control, DeliveryState, EditionState
from outreach.errors import NotFound
from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.ledger import editions as t
from outreach.ledger.certificate import certificate
from outreach.ledger.engine import reading
from outreach.ledger.views import EditionRow, edition_named
from outreach.reports import campaigns, editions, engagement, exports, overview, people
from outreach.reports.paging import page_of
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace
from tests.staff_seed import SENT_AT, WAITING, WRES, seed


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine) -> Workspace:
    seed(engine, keys)
    return Workspace(settings, keys, load_hub(ROOT / "hub.yaml"), engine)


@pytest.fixture
def row(ws: Workspace) -> EditionRow:
    with reading(ws.engine) as connection:
        return edition_named(connection, WAITING)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checked_at": None, "faults": None}, "prepared, not checked yet"),
        ({}, "waiting for approval"),
        ({"faults": [{"message": "no unsubscribe link"}]}, "stopped by faults"),
        ({"state": EditionState.APPROVED}, "approved"),
        ({"state": EditionState.SENDING}, "sending"),
        ({"state": EditionState.SENDING, "control": Control.PAUSE}, "paused"),
        ({"state": EditionState.SENDING, "control": Control.STOP}, "stopping"),
        ({"state": EditionState.CANCELLED, "control": Control.STOP}, "cancelled"),
        ({"state": EditionState.SENT}, "sent"),
        ({"state": EditionState.REJECTED}, "rejected"),
        ({"state": EditionState.RECOVERED}, "restored from the claim journal"),
    ],
)
def test_how_an_edition_stands_says_what_it_waits_for(
    row: EditionRow, changes: dict[str, object], words: str
) -> None:
    assert editions.standing(replace(row, **changes)) == words  # type: ignore[arg-type]


def test_every_state_of_an_edition_has_words(row: EditionRow) -> None:
    for state in EditionState:
        assert editions.standing(replace(row, state=state))


def test_the_account_adds_up_to_everyone_intended(ws: Workspace) -> None:
    with reading(ws.engine) as connection:
        found = certificate(connection, WRES)
    lines = editions.account(found)
    assert sum(line.people for line in lines if not line.part) == found.intended == 10
    parts = [line.people for line in lines if line.part]
    assert sum(parts) == found.accepted
    assert len(parts) + len([line for line in lines if not line.part]) == len(DeliveryState) + 1


def test_the_export_is_of_everyone_and_joins_the_events(ws: Workspace) -> None:
    deliveries = list(exports.deliveries_export(ws, WRES))
    events = list(exports.events_export(ws))
    assert len({row.delivery_id for row in deliveries}) == 10
    assert {row.status for row in deliveries} >= {"delivered", "unknown", "suppressed"}
    assert {row.delivery_id for row in events} <= {row.delivery_id for row in deliveries}
    assert {row.edition_id for row in events} == {WRES}


def test_an_export_of_nothing_known_fails_before_the_first_row(ws: Workspace) -> None:
    with pytest.raises(NotFound):
        exports.deliveries_export(ws, "nothing@x")
    with pytest.raises(NotFound):
        exports.events_export(ws, "nothing@x")


def test_an_export_is_noted_only_where_somebody_asked(ws: Workspace) -> None:
    exports.deliveries_export(ws, WRES)
    exports.deliveries_export(ws, WRES, by="amy", via="terminal")
    with ws.engine.connect() as c:
        noted = c.execute(sa.select(t.audit.c.who).where(t.audit.c.action.like("export%")))
        assert noted.scalars().all() == ["amy"]


def test_csv_lines_are_one_file_whatever_is_in_them(ws: Workspace) -> None:
    rows = list(exports.deliveries_export(ws, WRES))
    rows[0] = replace(rows[0], reason='a "quoted",\r\nbroken line')
    text = "".join(exports.csv_lines(exports.DELIVERY_COLUMNS, rows))
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["email"] for row in read] == [row.email for row in rows]
    assert read[0]["reason"] == 'a "quoted",\r\nbroken line'


def test_an_erased_persons_address_is_in_no_export(ws: Workspace) -> None:
    with ws.engine.begin() as c:
        c.execute(sa.update(t.delivery).where(t.delivery.c.contact_id == 1).values(email=None))
    assert next(row.email for row in exports.deliveries_export(ws, WRES)) == ""


def test_engagement_has_every_day_in_london_and_only_what_was_handed_over(ws: Workspace) -> None:
    found = engagement.engagement(ws, now=SENT_AT.replace(day=18, hour=12), days=7)
    assert [row.edition for row in found.editions] == [WRES]
    assert len(found.by_day) == 7
    assert found.by_day[-1].day == date(2026, 11, 18)
    assert {row.day: row.delivered for row in found.with_news} == {
        date(2026, 11, 17): 1,
        date(2026, 11, 18): 1,
    }
    assert found.days_simulated


def test_the_overview_leads_to_the_question_that_waits_in_airflow(ws: Workspace) -> None:
    needs = overview.overview(ws, now=SENT_AT).needs
    assert [need.in_airflow for need in needs if need.name == WAITING] == [
        "required_actions?response_received=false"
    ]


def test_contacts_add_up_by_sector_by_area_and_by_reason(ws: Workspace) -> None:
    found = people.contacts(ws)
    assert sum(line.people for line in found.by_sector) == found.people == 12
    assert sum(line.mailable for line in found.by_area) == found.mailable == 8
    assert sum(number for _, number in found.reasons) == found.people - found.mailable
    assert found.by_sector[-1].name == "Not known"


def test_proofs_cover_every_sector_and_pledge_state(ws: Workspace) -> None:
    readers = campaigns.sample_readers(ws.hub)
    assert {reader.sector for reader in readers} == {*ws.hub.sectors, ""}
    assert {reader.ics_area for reader in readers} == {*ws.hub.ics_areas, ""}
    assert {reader.pledged for reader in readers} == {True, False}


def test_each_proof_shows_another_variant(ws: Workspace) -> None:
    found = campaigns.campaign(ws, "what-is-wres")
    assert found.proofs is not None
    labels = [choice.label for choice in found.proofs.choices]
    assert len(labels) == len(set(labels)) > 1
    assert ws.settings.public_url in found.proofs.proof.text


@pytest.mark.parametrize(
    ("asked", "total", "page", "first", "last"),
    [(1, 0, 1, 0, 0), (1, 50, 1, 1, 50), (2, 51, 2, 51, 51), (9, 51, 2, 51, 51), (0, 5, 1, 1, 5)],
)
def test_a_page_that_does_not_exist_is_the_nearest_that_does(
    asked: int, total: int, page: int, first: int, last: int
) -> None:
    found = page_of(asked, total)
    assert (found.page, found.first, found.last) == (page, first, last)
