"""Hostile names are inert wherever a name comes to stand: messages, pages, exports, proofs."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from pathlib import Path

import openpyxl
import pytest
from fastapi.testclient import TestClient

from outreach.campaigns import Campaign, load_campaign
from outreach.domain import Organisation, Reader
from outreach.errors import Refused
from outreach.flows import authoring, editions
from outreach.hub import Hub
from outreach.ledger import edition_store
from outreach.ledger.engine import reading
from outreach.ledger.views_deliveries import all_deliveries
from outreach.rendering import compile_campaign
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.reference import render_for
from outreach.rendering.values import clean
from outreach.settings import load_settings
from outreach.workbook import write_xlsx
from outreach.workspace import Workspace, open_workspace
from tests.hostile.names import NAMES, STORABLE
from tests.ledger.seeds import add_contact
from tests.rendering.conftest import EDITION, LAYOUTS, UNSUBSCRIBE, VIEW, hub
from tests.web.conftest import OneApp, one_app

__all__ = ["hub", "one_app"]

SHIPPED = sorted((LAYOUTS.parent / "campaigns").glob("*.md"))
NAME = "hostile@one"
CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: For {{ contact.first_name or 'you' }}
preview: For {{ contact.first_name or 'you' }} alone.
owner: amy
---
# News

Dear {{ contact.name or 'colleague' }} at **{{ contact.organisation.name or 'work' }}**,

[A page for {{ contact.first_name or 'you' }}](https://example.org/a){.button}
"""
SENDABLE = tuple(name for name in STORABLE if clean(name).strip() and len(name) < 500)
"""Those that a message can be made of; the others stop an edition."""

_TAGS = re.compile(r"<(/?)([a-zA-Z!][^\s>/]*)")


def test_there_are_enough_names_and_no_two_are_the_same() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 130


def someone(name: str) -> Reader:
    return Reader(name, "Lee", sector=name, ics_area=name, organisation=Organisation("A1", name))


def is_inert(shown: Message, tame: Message) -> bool:
    """Whether a message has the same tags and lines as one of a harmless reader."""
    both = (shown.text, shown.html)
    whole = all(text.splitlines() == text.rstrip("\n").split("\n") for text in both)
    return (
        whole
        and _TAGS.findall(shown.html) == _TAGS.findall(tame.html)
        and shown.text.count("\n") == tame.text.count("\n")
        and len(shown.subject.splitlines()) <= 1
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_campaign_shows_a_hostile_name_as_it_is(hub: Hub, path: Path) -> None:
    campaign = replace(load_campaign(path, hub), subject="For {{ contact.name }}")
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    key = compiled.key(someone(NAMES[0]))
    content = compiled.render(key, EDITION)
    for name in NAMES:
        reached, values = compiled.assess(someone(name))
        assert reached == key
        shown = message(content, with_links(values, UNSUBSCRIBE, VIEW))
        harmless = with_links(["x" if v else "" for v in values], UNSUBSCRIBE, VIEW)
        assert is_inert(shown, message(content, harmless)), name
        assert html.escape(clean(f"{name} Lee")) in shown.html


def test_the_short_way_equals_the_long_one(hub: Hub, tmp_path: Path) -> None:
    campaign = written(tmp_path, hub)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    content = compiled.render((), EDITION)
    for name in NAMES[::9]:
        reader = someone(name)
        short = message(content, with_links(compiled.values(reader), UNSUBSCRIBE, VIEW))
        assert short == render_for(campaign, hub, LAYOUTS, reader, EDITION, UNSUBSCRIBE, VIEW)


def written(folder: Path, hub: Hub) -> Campaign:
    path = folder / "hostile.md"
    path.write_text(CAMPAIGN)
    return load_campaign(path, hub)


# ---- one edition for all of them, from the ledger to the outbox


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A deployment that has sent one campaign to a reader of each name."""
    home = tmp_path_factory.mktemp("hostile-names")
    (home / "hostile.md").write_text(CAMPAIGN)
    settings = load_settings({"OUTREACH_HOME": str(home), "OUTREACH_CAMPAIGNS": str(home)})
    ws = open_workspace(settings)
    with ws.engine.begin() as connection:
        for number, name in enumerate(SENDABLE):
            address = f"p{number}@example.org"
            add_contact(connection, ws.keys, address, first_name=name, organisation_name=name)
    editions.prepare(ws, "hostile", "one", by="amy", via="test")
    editions.approve(ws, NAME, by="lee", via="airflow")
    editions.send(ws, NAME)
    yield ws
    ws.engine.dispose()


@pytest.fixture
def client(one_app: OneApp, sent: Workspace) -> TestClient:
    one_app.ws = sent
    return TestClient(one_app.app, base_url="http://airflow.example.org")


def test_every_message_in_the_outbox_has_the_headers_of_a_harmless_one(sent: Workspace) -> None:
    found = [
        BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        for path in sorted(sent.settings.home.glob("outbox/**/*.eml"))
    ]
    assert len(found) == len(SENDABLE)
    assert len({tuple(sorted(one.keys())) for one in found}) == 1
    wanted = {clean(name).strip() for name in SENDABLE}
    for one in found:
        assert re.fullmatch(r"p\d+@example\.org", str(one["To"]))
        assert one["Bcc"] is None
        assert [part.get_content_type() for part in one.iter_parts()] == ["text/plain", "text/html"]
        name = " ".join(str(one["Subject"]).removeprefix("For ").split())
        assert name in {" ".join(w.split()) for w in wanted} | {"you"}, name


def test_the_checks_quote_none_of_them(sent: Workspace) -> None:
    said = " ".join(str(fault) for fault in editions.check(sent, NAME))
    assert "evil" not in said
    assert "script" not in said


def test_names_that_cannot_be_sent_stop_the_edition_and_are_counted(sent: Workspace) -> None:
    with sent.engine.begin() as connection:
        for number, name in enumerate(sorted(set(STORABLE) - set(SENDABLE))):
            add_contact(connection, sent.keys, f"q{number}@example.org", first_name=name)
    editions.prepare(sent, "hostile", "two", by="amy", via="test")
    said = [str(fault) for fault in editions.blocking(editions.check(sent, "hostile@two"))]
    assert any("only letters that cannot be seen: mend their details" in one for one in said)
    assert any("over 4000" in one for one in said)
    with pytest.raises(Refused, match="cannot be approved until this is mended"):
        editions.approve(sent, "hostile@two", by="lee", via="airflow")


PAGES = (
    "",
    f"editions/{NAME}",
    f"editions/{NAME}/deliveries",
    f"editions/{NAME}/missing",
    "contacts",
)


@pytest.mark.parametrize("page", PAGES)
def test_a_staff_page_holds_no_markup_of_theirs(client: TestClient, page: str) -> None:
    assert harmless(client.get(f"/{page}").text)


def harmless(page: str) -> bool:
    """Whether a page holds only markup of its own; what a frame shows stands escaped."""
    marks = ("<script>alert", "<img src=x", "<svg/onload", "<iframe src='https", "<b>Bo</b>")
    return not any(mark in page for mark in marks) and "\nBcc:" not in page


def test_person_pages_and_proofs_hold_no_markup_of_theirs(
    client: TestClient, sent: Workspace
) -> None:
    with reading(sent.engine) as connection:
        edition_id = edition_store.get(connection, NAME).id
    rows = all_deliveries(sent.engine, edition_id)
    ids = sent.keys.person_ids(row.contact_id for row in rows)
    assert len(ids) == len(SENDABLE)
    for person in ids[::19]:
        assert harmless(client.get(f"/people/{person}").text)
    for person in ids[::9]:
        proof = client.get(f"/editions/{NAME}/variants/1?person={person}")
        assert proof.status_code == 200
        assert harmless(proof.text)


def test_a_preview_for_one_of_them_is_a_whole_and_harmless_page(sent: Workspace) -> None:
    for number in range(0, 12, 4):
        files = authoring.preview(sent, "hostile", address=f"p{number}@example.org")
        assert harmless(files[0].read_text())


def dangerous(cell: object) -> bool:
    first = str(cell or "").lstrip(" \u200b\u3000")[:1]
    return bool(first) and first in set("=+-@\t\r＝")


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.post("/contacts.csv", headers={"Origin": "http://airflow.example.org"}),
        lambda c: c.get(f"/editions/{NAME}/deliveries.csv"),
        lambda c: c.get(f"/editions/{NAME}/certificate.csv"),
    ],
)
def test_no_cell_of_a_csv_is_taken_for_a_formula(
    client: TestClient, ask: Callable[[TestClient], object]
) -> None:
    reply = ask(client)
    rows = list(csv.reader(io.StringIO(reply.text)))  # type: ignore[attr-defined]
    assert len(rows) > len(SENDABLE)
    assert [cell for row in rows for cell in row if dangerous(cell)] == []


def test_no_cell_of_a_workbook_is_taken_for_a_formula(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "names.xlsx", ("name",), ([name] for name in NAMES))
    sheet = openpyxl.load_workbook(tmp_path / "names.xlsx").active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert len(cells) == len(NAMES)
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert [cell.value for cell in cells if cell.data_type == "f" or dangerous(cell.value)] == []
