"""After an erasure no byte of the workspace names the person, and no old file brings them back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from outreach.flows.authoring import preview
from outreach.flows.erasing import remains
from outreach.flows.imports import import_file
from outreach.flows.mending import write_sheet
from outreach.flows.people import erase_person, person, suppress
from outreach.flows.pulling import pull_sources
from outreach.keys import Keys
from outreach.ledger.editions import batch, event, notice, raw_event
from outreach.ledger.people import basis
from outreach.ledger.schema import metadata
from outreach.records import ImportState
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger import seeds

ADDRESS, NAME, OTHER = "zq.canary@example.org", "Zqcanary", "bo.other@example.org"
HEADINGS = ("Email", "First name", "Pledged on")
ROWS = ((ADDRESS, NAME, "2026-03-01"), (OTHER, "Bo", "2026-03-02"))
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
GIVEN = {"basis": "consent", "evidence": "form"}


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    return own_workspace(settings, keys, engine, tmp_path)


def workbook(path: Path, *, hidden: bool = False) -> Path:
    """Write a workbook that names them; where `hidden`, in a comment, a hidden sheet and bold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.append(HEADINGS)
    for row in ROWS[1:] if hidden else ROWS:
        first.append(row)
    if hidden:
        second = book.create_sheet("Old")
        second.append(HEADINGS)
        second.append(ROWS[0])
        second.sheet_state = "hidden"
    book.save(path)
    return path


def opendocument(path: Path) -> None:
    cells = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell><text:p>{c}</text:p></table:table-cell>' for c in row)}</table:table-row>"
        for row in (HEADINGS, *ROWS)
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet><table:table>"
        f"{cells}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)


def known_to_files(ws: Workspace) -> None:
    contacts, text = (
        ws.settings.root / "contacts",
        "\n".join(",".join(row) for row in (HEADINGS, *ROWS)),
    )
    processed, refused = contacts / "processed", contacts / "quarantine"
    workbook(processed / "book.xlsx")
    workbook(processed / "hidden.xlsx", hidden=True)
    opendocument(processed / "book.ods")
    (processed / "wide.csv").write_text(text + "\n", encoding="utf-16")
    refused.mkdir()
    (refused / "wide.log").write_text(text, encoding="utf-16-le")
    (refused / "old.xls").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + text.encode("utf-16-le")
    )
    (refused / "ragged.csv").write_text(text + ",x" * 400 + "\n")
    (refused / "answers.json").write_text(f'{{"value": [{{"Email": "{ADDRESS}", "n": "{NAME}"}}]}}')
    message = EmailMessage()
    message["To"] = f"{NAME} <{ADDRESS.title()}>"
    message.set_content(f"Dear {NAME}")
    letter = ws.settings.home / "outbox" / "news@one" / "1.eml"
    letter.parent.mkdir(parents=True)
    letter.write_bytes(bytes(message))
    preview(ws, "what-is-wres", address=ADDRESS)


def known_to_the_ledger(ws: Workspace) -> None:
    for source in ("forms", "staff", "events"):
        file = table(
            ws.settings.root / f"{source}.csv", (*HEADINGS, "Job role"), (*ROWS[0], source)
        )
        import_file(ws, file, "pledges", constants=GIVEN, **WHO)
    seeds.make_edition(ws.engine)
    bad = table(
        ws.settings.root / "bad.csv",
        HEADINGS,
        (f"{ADDRESS};x", NAME, ""),
        (OTHER, "Bo", "2026-01-01"),
    )
    taken = import_file(ws, bad, "pledges", **WHO)
    sheet = ws.settings.root / "contacts" / "inbox" / "mended.csv"
    sheet.parent.mkdir(parents=True)
    write_sheet(ws, taken.import_id, sheet, **WHO)
    suppress(ws, ADDRESS, reason="unsubscribed", **WHO)
    number = person(ws, ADDRESS).facts.contact
    assert number
    with ws.engine.begin() as c:
        edition_id = c.execute(sa.select(batch.c.edition_id)).scalar()
        mine = basis.c.contact_id == number["id"]
        c.execute(sa.update(basis).where(mine).values(evidence=f"form of {NAME}"))
        c.execute(sa.update(batch).values(state="unknown", reason=f"no reply for {ADDRESS}"))
        c.execute(
            sa.insert(raw_event).values(received_at=NOW, body=f'[{{"email":"{ADDRESS}"}}]'.encode())
        )
        c.execute(sa.insert(notice).values(at=NOW, text=f"in doubt: {ADDRESS}", once="x"))
        c.execute(
            sa.insert(event).values(
                edition_id=edition_id, contact_id=number["id"], type="bounced", occurred_at=NOW,
                recorded_at=NOW, fact_key=b"1" * 16, reason=f"550 {ADDRESS} ({NAME})")
        )  # fmt: skip


def everything(ws: Workspace) -> Iterator[tuple[str, bytes]]:
    """Yield every byte of the workspace, what is packed unpacked, and every row of the ledger."""
    for path in ws.settings.root.rglob("*"):
        if path.is_file() and not path.is_symlink() and (ROOT / "templates") not in path.parents:
            data = path.read_bytes()
            yield path.name, data
            yield path.name, data.replace(b"\0", b"")
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    yield from ((path.name, archive.read(name)) for name in archive.namelist())
    for name in metadata.tables:
        yield name, str(rows_of(ws.engine, name)).encode()


def traces(ws: Workspace) -> set[str]:
    words = (ADDRESS.encode(), NAME.encode().lower())
    return {where for where, data in everything(ws) if any(w in data.lower() for w in words)}


def test_no_byte_of_the_workspace_names_an_erased_person(ws: Workspace) -> None:
    known_to_the_ledger(ws)
    known_to_files(ws)
    for outside in ws.settings.root.glob("*.csv"):
        outside.unlink()  # what lies outside the workspace's folders is whose it is
    before = traces(ws)
    assert {"book.xlsx", "hidden.xlsx", "book.ods", "wide.csv", "wide.log", "old.xls", "1.eml",
            "ragged.csv", "answers.json", "mended.csv", "contact", "statement", "delivery", "event",
            "quarantined_row", "raw_event", "notice", "batch", "basis"} <= before  # fmt: skip
    erase_person(ws, ADDRESS, **WHO)
    assert traces(ws) == set()
    assert remains(ws, ADDRESS).nothing, remains(ws, ADDRESS).counts
    assert person(ws, OTHER).known


@pytest.mark.parametrize("as_it_was", [True, False])
def test_an_old_file_does_not_bring_them_back_and_is_kept_without_them(
    ws: Workspace, as_it_was: bool
) -> None:
    contacts = ws.settings.root / "contacts"
    (contacts / "inbox").mkdir(parents=True)
    (contacts / "sources.yaml").write_text(
        "sources: [{name: forms, kind: pledges, path: inbox/*, drop: true}]"
    )
    table(contacts / "inbox" / "1.csv", HEADINGS, *ROWS)
    (first,) = pull_sources(ws, **WHO)
    assert first.accepted == 2
    erase_person(ws, ADDRESS, **WHO)
    more = () if as_it_was else (("new@example.org", "New", "2026-03-03"),)
    table(contacts / "inbox" / "1.csv", HEADINGS, *ROWS, *more)
    (again,) = pull_sources(ws, **WHO)
    assert again.state is (ImportState.ALREADY_TAKEN if as_it_was else ImportState.DONE)
    assert sum(again.quarantined_by_reason.values()) == (0 if as_it_was else 1)
    assert as_it_was or "erased" in again.message + str(again.quarantined_by_reason)
    assert traces(ws) == set()
    assert remains(ws, ADDRESS).nothing
