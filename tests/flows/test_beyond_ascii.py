"""People whose addresses have letters outside ASCII, from the list to the mail server and back."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from outreach.flows import editions
from outreach.flows.accounts import message_to
from outreach.flows.erasing import remains
from outreach.flows.imports import import_file
from outreach.flows.objections import unsubscribe_address
from outreach.flows.people import erase_person, person, suppress
from outreach.keys import Keys
from outreach.ledger.certificate import certificate
from outreach.ledger.editions import edition, notice, raw_event
from outreach.rendering import frozen
from outreach.settings import Settings, load_settings
from outreach.workspace import Workspace
from tests.fakes.deployment import CONTENT, EDITION
from tests.fakes.smtp_server import SmtpServer, serving
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger.seeds import EVERYONE, make_edition

ZOE = "zoë@xn--bcher-kva.example.org"
TYPED = "Zoë@BÜCHER.example.org"
APART = unicodedata.normalize("NFD", TYPED)
BO, CY, DI = "bo@example.org", "cy@xn--bcher-kva.example.org", "dï@example.org"
GIVEN = {"basis": "public_task", "evidence": "list"}
HEADINGS = ("Email", "First name")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with serving() as one:
        yield one
        assert one.wrongs == []


@pytest.fixture
def ws(
    settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path, server: SmtpServer
) -> Workspace:
    there = load_settings({"OUTREACH_HOME": str(tmp_path), "OUTREACH_SMTP_URL": server.url})
    known = replace(
        settings,
        provider="smtp",
        smtp_url=there.smtp_url,
        allowed_recipients=("*@bücher.example.org", "*@example.org"),
    )
    return own_workspace(known, keys, engine, tmp_path)


def listed(ws: Workspace, name: str = "list.csv") -> None:
    file = table(
        ws.settings.root / name,
        HEADINGS,
        *((TYPED, "Zoë"), (BO, "Bo"), ("cy@bücher.example.org", "Cy"), (APART, "Zoë"), (DI, "Di")),
    )
    import_file(ws, file, "contacts", constants=GIVEN, **WHO)


def addresses(ws: Workspace) -> list[str]:
    return sorted(row["email"] for row in rows_of(ws.engine, "contact"))


def test_a_person_is_one_person_however_lists_write_them(ws: Workspace) -> None:
    listed(ws)
    assert addresses(ws) == sorted([ZOE, BO, CY, DI])
    for typed in (ZOE, TYPED, APART):
        assert person(ws, typed).known


def test_who_cannot_be_written_to_by_this_provider_is_set_aside(ws: Workspace) -> None:
    listed(replace(ws, settings=replace(ws.settings, provider="sendgrid")))
    assert addresses(ws) == sorted([BO, CY])
    reasons = {row["reason"] for row in rows_of(ws.engine, "quarantined_row")}
    assert reasons == {"email address with letters that cannot be delivered to"}


@pytest.mark.parametrize("offered", [True, False])
def test_an_edition_reaches_them_where_the_server_takes_such(
    ws: Workspace, server: SmtpServer, offered: bool
) -> None:
    if not offered:
        server.offers = tuple(one for one in server.offers if one != "SMTPUTF8")
    listed(ws)
    suppress(ws, "DÏ@example.org", reason="unsubscribed", **WHO)
    make_edition(ws.engine, rule=EVERYONE, batch_size=50, provider="smtp", content=CONTENT)
    with ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(format=frozen.FORMAT))
    assert editions.send(ws, EDITION).finished
    with ws.engine.connect() as connection:
        found = certificate(connection, EDITION)
    assert (found.accepted, found.failed) == ((3, 0) if offered else (2, 1))
    reached = {one.recipients: one.raw for one in server.taken}
    assert set(reached) == ({(BO,), (CY,), (ZOE,)} if offered else {(BO,), (CY,)})
    if offered:
        assert message_to(ws, EDITION, APART).raw == reached[(ZOE,)]


def test_an_objection_holds_however_the_address_is_typed(ws: Workspace) -> None:
    listed(ws)
    unsubscribe_address(ws, APART)
    suppress(ws, "@bücher.example.org", reason="manual", **WHO)
    file = table(ws.settings.root / "stop.csv", ("Email", "Reason"), ("DÏ@EXAMPLE.org", "bounce"))
    import_file(ws, file, "suppressions", **WHO)
    for address, number in ((ZOE, 2), (CY, 1), (DI, 1), (BO, 0)):
        assert len(person(ws, address).facts.suppressions) == number


def test_an_erasure_reaches_every_way_of_writing_them(ws: Workspace) -> None:
    listed(ws)
    make_edition(ws.engine)
    bad = table(ws.settings.root / "bad.csv", (*HEADINGS, "Borough"), (TYPED, "Zoë", "Atlantis"))
    import_file(ws, bad, "contacts", constants=GIVEN, **WHO)
    assert rows_of(ws.engine, "quarantined_row")
    kept = ws.settings.root / "contacts" / "processed"
    for n, typed in enumerate((ZOE, TYPED, APART)):
        table(kept / f"{n}.csv", HEADINGS, (typed, "Zoë"), (BO, "Bo"))
        (kept / f"{n}.json").write_text(json.dumps({"a": [{"Email": typed}]}))
        (kept / f"{n}.log").write_text(f"<<{typed.lower()}>> " * 3, encoding="utf-16")
        book = openpyxl.Workbook()
        book.worksheets[0].append(HEADINGS)
        book.worksheets[0].append((typed, "Zoë"))
        book.save(kept / f"{n}.xlsx")
        with ws.engine.begin() as connection:
            at = datetime(2026, 11, 23, tzinfo=UTC)
            body = json.dumps([{"email": typed}]).encode()
            connection.execute(sa.insert(raw_event).values(received_at=at, body=body))
            connection.execute(
                sa.insert(notice).values(at=at, text=f"in doubt: {typed}", once=f"{n}")
            )
    erase_person(ws, TYPED, **WHO)
    assert remains(ws, APART).nothing, remains(ws, APART).counts
    assert sorted(path.name for path in kept.iterdir()) == ["0.csv", "1.csv", "2.csv"]
    left = "".join(path.read_text() for path in kept.iterdir())
    left += str([rows_of(ws.engine, name) for name in ("contact", "delivery", "notice")])
    left += str([rows_of(ws.engine, name) for name in ("quarantined_row", "raw_event")])
    assert left.count("bo@") > 3
    for trace in ("cher.example", "bcher-kva", "zo\\u", "Zoë", "zoë"):
        assert trace not in left.replace(CY, "")
