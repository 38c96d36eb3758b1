"""A data lead without a terminal: take a list in, see what was set aside, mend it, send it back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from tests.staff_seed import SENT_AT, insert
from tests.web.conftest import Person
from tests.web.test_staff_guards import OWN
from tests.web.test_staff_pages import words

from outreach.ledger import people as p
from outreach.web.staff import uploads
from outreach.workspace import Workspace

LIST = (
    "Email,First name,Sector\n"
    "new@practice.org.uk,Amina,Dentistry\n"
    "other(at)practice.org.uk,=Bo,Dentistry\n"
)
NAMED = {"kind": "contacts", "source": "Staff list"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: imports themselves are tested on both."""
    return sqlite_url


def send(client: TestClient, text: str | bytes, name: str = "list.csv", **form: str) -> Response:
    """Send a file as the form on the page does."""
    files = {"file": (name, text, "text/csv")}
    return client.post("list", data=form, files=files, headers=OWN, follow_redirects=False)


def page_after(answer: Response) -> str:
    """The page an upload leads to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("./")


def test_a_list_is_taken_in_with_its_basis_and_mended_in_a_sheet(
    client: TestClient, ws: Workspace
) -> None:
    basis = {"basis": "consent", "evidence": "Ticked the box", "wording_version": "v2"}
    page = page_after(send(client, LIST, **NAMED, **basis))
    text = words(client, page)
    assert "This file was taken in." in text
    assert "Taken in by amy" in text or "Accepted 1" in text
    assert "Row 3" in text
    assert "1 of them is not mended yet" in text
    number = page.partition("?")[0].rpartition("/")[2]
    sheet = client.get(f"imports/{number}/sheet.csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert rows[1][:3] == ["other(at)practice.org.uk", "'=Bo", "Dentistry"]
    rows[1][0] = "other@practice.org.uk"
    mended = io.StringIO()
    csv.writer(mended).writerows(rows)
    back = page_after(send(client, mended.getvalue(), "sheet.csv", **NAMED))
    assert f"Mends rows of Import {number}" in words(client, back)
    assert "All of them were mended." in words(client, f"imports/{number}")
    with ws.engine.connect() as c:
        other = c.execute(sa.select(p.contact).order_by(p.contact.c.id.desc())).first()
        kinds = c.execute(
            sa.select(p.basis.c.evidence).where(p.basis.c.kind == "consent")
        ).scalars()
        assert other is not None
        assert (other.email, other.first_name, other.source) == (
            "other@practice.org.uk",
            "=Bo",
            "Staff list",
        )
        assert list(kinds) == ["Ticked the box", "Ticked the box"]
    assert client.get(f"imports/{number}/sheet.xlsx").content[:2] == b"PK"
    assert client.get(f"imports/{number}/sheet.exe").status_code == 404
    assert client.get("imports/99/sheet.csv").status_code == 404


def test_the_same_file_again_leads_to_the_import_that_took_it(client: TestClient) -> None:
    first = page_after(send(client, LIST, **NAMED)).partition("?")[0]
    again = page_after(send(client, LIST, **NAMED))
    assert again.partition("?")[0] == first
    assert "nothing was changed" in words(client, again)


def test_a_refused_file_says_why_and_the_way_on(client: TestClient, ws: Workspace) -> None:
    page = page_after(send(client, "Email,Ethnicity\nx@practice.org.uk,y\n", **NAMED))
    text = words(client, page)
    assert "This file was refused" in text
    assert "special-category" in text
    assert "Nothing was changed." in text
    assert "list.csv was refused" in words(client, "") or "refused" in words(client, "imports")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "people", "source": "x"}, "what the rows of the file are"),
        ({"kind": "contacts", "source": " \0 "}, "Give the list a name"),
        ({"kind": "contacts", "source": "x" * 3_000}, "at most 2000 characters"),
        ({"kind": "contacts", "source": "x" * 100_000}, "could not be read"),
    ],
)
def test_a_form_that_misses_something_says_what(
    client: TestClient, form: dict[str, str], said: str
) -> None:
    answer = send(client, LIST, **form)
    assert answer.status_code == 400
    assert said in answer.text
    assert "<title>Error: " in answer.text


def test_no_file_and_too_large_a_file_are_refused_before_they_are_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = client.post("list", data=NAMED, headers=OWN)
    assert (none.status_code, "Choose the file." in none.text) == (400, True)
    monkeypatch.setattr(uploads, "LARGEST", 1 << 20)
    large = send(client, b"x" * (2 << 20), **NAMED)
    assert large.status_code == 400
    assert "larger than 1 MB" in large.text

    def stream() -> object:
        yield b"--x\r\n"

    unsized = client.post(
        "list",
        content=stream(),  # type: ignore[arg-type]
        headers={**OWN, "Content-Type": "multipart/form-data; boundary=x"},
    )
    assert "did not come with its size" in unsized.text


@pytest.mark.parametrize(
    "name", ["../../x.csv", "..\\..\\x.csv", ".csv", "a\u202eb.csv", "n" * 300 + ".csv"]
)
def test_a_files_name_leads_nowhere_else(client: TestClient, name: str, tmp_path: Path) -> None:
    answer = send(client, LIST, name, **NAMED)
    assert answer.status_code in (303, 400)
    assert not list(tmp_path.rglob("x.csv"))


def test_an_upload_is_refused_to_viewers_and_other_sites(
    client: TestClient, person: Person
) -> None:
    elsewhere = client.post("list", data=NAMED, headers={"Origin": "http://x.example"})
    assert elsewhere.status_code == 403
    person.may_act = False
    assert send(client, LIST, **NAMED).status_code == 403


def test_a_running_import_shows_how_far_it_is(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as c:
        insert(
            c,
            p.import_,
            id=3,
            source="Big list",
            kind="contacts",
            file_name="big.csv",
            by="lee",
            via="cli",
            state="running",
            started_at=SENT_AT,
            rows_total=1_000_000,
            rows_read=250_000,
            accepted=249_000,
        )
    assert "250,000 of 1,000,000 rows so far" in words(client, "imports/3")
    assert "Taken in by lee (cli)" in words(client, "imports/3")
    assert 'src="../progress.js"' in client.get("imports/3").text
    assert 'data-finished="no"' in client.get("imports/3/progress").text
    assert "lee 250,000 of 1,000,000" in words(client, "imports")
    with ws.engine.begin() as c:
        c.execute(sa.update(p.import_).where(p.import_.c.id == 3).values(state="done"))
    assert 'data-finished="yes"' in client.get("imports/3/progress").text


def test_advice_that_quotes_an_address_is_not_shown_to_a_viewer(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    with ws.engine.begin() as c:
        c.execute(sa.update(p.quarantined_row).values(advice="did you mean jo@example.org?"))
    assert "jo@example.org" in words(client, "imports/2")
    person.may_act = False
    assert "jo@example.org" not in words(client, "imports/2")
    assert "Show what stands in these rows" not in words(client, "imports/2")
