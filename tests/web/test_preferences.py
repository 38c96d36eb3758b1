"""A reader's own choices: less mail, and whether their clicks may be counted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.fakes.ledger import Ledger, ledger

from outreach.domain import Purpose
from outreach.keys import UNSUBSCRIBE, VIEW
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import basis, contact, tracking_choice
from outreach.ledger.schema import metadata
from outreach.web.public import create_public_app

__all__ = ["ledger"]


@pytest.fixture
def browser(ledger: Ledger) -> TestClient:
    settings = replace(ledger.ws.settings)
    ws = SimpleNamespace(**{**vars(ledger.ws), "settings": settings})
    return TestClient(create_public_app(ws), follow_redirects=False)


@pytest.fixture
def page(ledger: Ledger) -> str:
    """The page of person 0, who consented to all mail."""
    edition_id = ledger.edition()
    number = ledger.contact_id(0)
    with ledger.ws.engine.begin() as c:
        c.execute(
            sa.insert(basis).values(
                contact_id=number, kind="consent", evidence="form",
                recorded_at=sa.func.current_timestamp(),
            )
        )  # fmt: skip
    return "/preferences/" + ledger.ws.keys.sign(UNSUBSCRIBE, ledger.delivery_id(edition_id, 0))


def why_not(ledger: Ledger, purpose: Purpose) -> str:
    mine = contact.c.id == ledger.contact_id(0)
    with ledger.ws.engine.connect() as c:
        return str(c.execute(sa.select(not_mailable(purpose)).where(mine)).scalar())


def everything(ledger: Ledger) -> str:
    with ledger.ws.engine.connect() as c:
        return str([c.execute(sa.select(one)).all() for one in metadata.tables.values()])


def test_a_reader_keeps_the_public_task_and_stops_the_rest(
    ledger: Ledger, browser: TestClient, page: str
) -> None:
    assert why_not(ledger, Purpose.DIRECT_MARKETING) == ""
    assert browser.post(page, data={"mail": "fewer", "clicks": "keep"}).status_code == 200
    assert why_not(ledger, Purpose.PUBLIC_TASK) == ""
    assert why_not(ledger, Purpose.DIRECT_MARKETING) == "unsubscribed"
    (row,) = ledger.suppressions(0)
    assert (row.scope, row.origin) == ("direct_marketing", "preferences page")
    with ledger.ws.engine.connect() as c:
        taken_back = c.execute(sa.select(basis).where(basis.c.withdrawn_at.is_not(None))).one()
    assert (taken_back.purpose, taken_back.withdrawn_by) == ("direct_marketing", "the reader")
    browser.post(page, data={"mail": "none"})
    assert why_not(ledger, Purpose.PUBLIC_TASK) == "unsubscribed"
    browser.post(page, data={"mail": "keep"})
    assert why_not(ledger, Purpose.PUBLIC_TASK) == "unsubscribed"


def test_a_choice_about_clicks_is_kept_with_its_wording_and_leaves_the_mail_alone(
    ledger: Ledger, browser: TestClient, page: str
) -> None:
    for said in ("yes", "yes", "no"):
        browser.post(page, data={"clicks": said})
    mine = contact.c.id == ledger.contact_id(0)
    with ledger.ws.engine.connect() as c:
        rows = c.execute(sa.select(tracking_choice).order_by(tracking_choice.c.id)).all()
        flag = c.execute(sa.select(contact.c.tracking_consent).where(mine)).scalar()
    assert [(row.given, row.wording_version) for row in rows] == [
        (True, "preferences-1"),
        (False, "preferences-1"),
    ]
    assert flag is False
    assert ledger.suppressions() == []


def test_looking_changes_nothing_however_often_and_shows_nobodys_choice(
    ledger: Ledger, browser: TestClient, page: str
) -> None:
    first = browser.get(page).text
    before = everything(ledger)
    for method in ("GET", "HEAD", "OPTIONS"):
        browser.request(method, page)
    assert everything(ledger) == before
    browser.post(page, data={"clicks": "yes"})
    assert browser.get(page).text == first
    assert "example.org" not in first


def test_another_purposes_link_an_altered_one_or_another_word_is_refused(
    ledger: Ledger, browser: TestClient, page: str
) -> None:
    before = everything(ledger)
    other = ledger.ws.keys.sign(VIEW, page.rpartition(".")[0].rpartition(".")[2])
    for path in (f"/preferences/{other}", page[:-1] + ("A" if page[-1] != "A" else "B")):
        assert browser.post(path, data={"mail": "none"}).status_code == 404
    assert browser.post(page, data={"mail": "everything"}).status_code == 400
    assert everything(ledger) == before


def test_the_unsubscribe_page_leads_to_the_choices(
    ledger: Ledger, browser: TestClient, page: str
) -> None:
    shown = browser.get(page.replace("preferences", "unsubscribe")).text
    assert f"..{page}" in shown
