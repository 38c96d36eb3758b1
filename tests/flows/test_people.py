"""One person: what is known, suppressing, lifting, and erasing everywhere."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.exports import CONTACTS, export
from outreach.flows.imports import import_file
from outreach.flows.people import erase_person, export_person, person, suppress, unsuppress
from outreach.keys import Keys
from outreach.ledger.editions import delivery, event, exclusion, raw_event
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.fakes.ledger import Ledger
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger import seeds

ANN = "ann@example.org"
JOANN = "joann@example.org"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def two_people_and_an_edition(ws: Workspace) -> int:
    """Ann and Joann got an edition; Bo has no basis and was left out of it."""
    rows = [(ANN, "Ann", "Canary"), (JOANN, "Joann", "Other")]
    path = table(
        ws.settings.root / "l.csv", ("Email", "First name", "Last name"), *rows,
        (ANN + ",x", "Ann", "Quarantined"), (JOANN + ";y", "Joann", "Quarantined"),
    )  # fmt: skip
    said = {"basis": "public_task", "evidence": "staff list"}
    import_file(ws, path, "contacts", constants=said, **WHO)
    import_file(
        ws, table(path.with_name("b.csv"), ("Email",), ("bo@example.org",)), "contacts", **WHO
    )
    made = seeds.make_edition(ws.engine)
    assert made is not None
    with ws.engine.begin() as connection:
        ann = connection.execute(
            sa.select(delivery.c.contact_id).where(delivery.c.email == ANN)
        ).scalar_one()
        body = f'[{{"email":"Ann\\u0040example.org"}},{{"email":"{JOANN}"}},{{"to":"<{ANN}>"}}]'
        connection.execute(sa.insert(raw_event).values(received_at=NOW, body=body.encode()))
        connection.execute(
            sa.insert(event).values(
                edition_id=made, contact_id=ann, type="bounced", occurred_at=NOW, fact_key=b"1" * 16,
                reason=f"550 <{ANN}> unknown", recorded_at=NOW,
            )
        )  # fmt: skip
    return made


def kept_files(ws: Workspace) -> tuple[Path, Path, Path, Path]:
    contacts = ws.settings.root / "contacts"
    kept = table(contacts / "processed" / "1.csv", ("Email", "Name"), (ANN, "Ann"), (JOANN, "Jo"))
    book = contacts / "quarantine" / "2.xlsx"
    book.parent.mkdir(parents=True)
    sheet = openpyxl.Workbook()
    sheet.active.append(["Email"])  # type: ignore[union-attr]
    sheet.active.append([ANN.upper()])  # type: ignore[union-attr]
    sheet.save(book)
    messages = []
    for name, address in (("a", ANN), ("j", JOANN)):
        message = EmailMessage()
        message["To"] = f"{name} <{address}>"
        message.set_content("Dear you")
        path = ws.settings.home / "outbox" / "news@one" / f"{name}.eml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(message))
        messages.append(path)
    return kept, book, messages[0], messages[1]


def everything_in(ws: Workspace) -> str:
    """Return the whole ledger as text, event bodies included."""
    names = sa.inspect(ws.engine).get_table_names()
    return "".join(str(rows_of(ws.engine, name)) for name in names if name != "alembic_version")


def test_an_unknown_address_is_not_known_and_raises_nothing(ws: Workspace) -> None:
    found = person(ws, "nobody@example.org")
    assert (found.known, found.summary, found.editions) == (False, "not known", ())
    assert not person(ws, "not an address").known


def test_a_person_sees_why_they_got_an_edition_or_did_not(ws: Workspace) -> None:
    two_people_and_an_edition(ws)
    (line,) = person(ws, " Ann@Example.org").editions
    assert (line.edition, line.state) == ("news@one", "planned")
    (held,) = person(ws, "bo@example.org").editions
    assert (held.state, held.reason) == ("suppressed", "no basis")
    assert person(ws, "bo@example.org").summary == "a contact, not written to: no basis"


def test_a_person_outside_the_audience_sees_the_reason(ws: Workspace) -> None:
    edition_id = two_people_and_an_edition(ws)
    path = table(ws.settings.root / "n.csv", ("Email",), ("new@example.org",))
    import_file(ws, path, "contacts", **WHO)
    number = person(ws, "new@example.org").facts.contact
    assert number is not None
    with ws.engine.begin() as connection:
        connection.execute(
            sa.insert(exclusion).values(
                edition_id=edition_id, contact_id=number["id"], reason="pledged already"
            )
        )
    (line,) = person(ws, "new@example.org").editions
    assert (line.state, line.reason) == ("not in the audience", "pledged already")


def test_a_file_for_the_person_holds_every_table_and_nobody_else(
    ws: Workspace, tmp_path: Path
) -> None:
    two_people_and_an_edition(ws)
    suppress(ws, ANN, reason="unsubscribed", **WHO)
    found = json.loads(export_person(ws, ANN, tmp_path / "ann.json").read_text())
    for part in ("contact", "bases", "suppressions", "deliveries", "events", "quarantined"):
        assert found[part], part
    assert JOANN not in json.dumps(found)
    page = export_person(ws, ANN, tmp_path / "ann.html").read_text()
    assert "Canary" in page
    assert 'lang="en-GB"' in page
    assert (tmp_path / "ann.json").stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match=r"\.json"):
        export_person(ws, ANN, tmp_path / "ann.txt")


def test_a_hostile_name_is_inert_in_the_page(ws: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "l.csv", ("Email", "First name"), (ANN, "<script>alert(1)</script>"))
    import_file(ws, path, "contacts", **WHO)
    assert "<script" not in export_person(ws, ANN, tmp_path / "p.html").read_text()


def test_erasing_takes_a_person_out_of_everything_and_leaves_the_others(ws: Workspace) -> None:
    two_people_and_an_edition(ws)
    kept, book, mine, other = kept_files(ws)
    counts = erase_person(ws, ANN, **WHO).counts
    assert counts == {
        "contacts": 1, "statements": 1, "choices about clicks": 0, "bases": 1, "pledges": 0,
        "suppressions": 0, "events": 1, "deliveries": 1, "history": 0, "quarantined rows": 1,
        "texts that name them": 0, "raw events": 1, "kept files": 2,
        "kept files that could not be read": 0, "written messages": 1,
    }  # fmt: skip
    left = everything_in(ws)
    for trace in ("Canary", "'ann@", "<ann@", '"ann@', "Ann\\u0040", "Ann\\\\u0040"):
        assert trace not in left, trace
    assert left.count(JOANN) == 4  # contact, delivery, quarantined row, raw event
    assert kept.read_text(encoding="utf-8-sig").splitlines() == ["Email,Name", f"{JOANN},Jo"]
    assert not book.exists()
    assert not mine.exists()
    assert other.exists()


def test_erasing_twice_finds_nothing_more(ws: Workspace) -> None:
    two_people_and_an_edition(ws)
    kept_files(ws)
    erase_person(ws, ANN, **WHO)
    assert erase_person(ws, ANN, **WHO).total == 0


def test_erasure_keeps_the_history_and_the_hash_and_stays_suppressed(ws: Workspace) -> None:
    edition_id = two_people_and_an_edition(ws)
    erase_person(ws, ANN, **WHO)
    with ws.engine.connect() as connection:
        kept = connection.execute(
            sa.select(delivery).where(
                delivery.c.edition_id == edition_id,
                delivery.c.address_hash == ws.keys.address_hash(ANN),
            )
        ).one()
    assert (kept.email, kept.slot_values) == (None, None)
    assert person(ws, ANN).summary == "a contact, not written to: erased"
    with pytest.raises(Refused, match="erased"):
        unsuppress(ws, ANN, reason="they changed their mind", **WHO)
    (entry,) = [row for row in rows_of(ws.engine, "audit") if row["action"] == "erase"]
    assert (entry["who"], "ann@" in str(entry)) == ("lee", False)


def test_an_address_that_is_no_contact_can_be_erased_and_suppressed(ws: Workspace) -> None:
    erase_person(ws, "stranger@example.org", **WHO)
    assert suppress(ws, "other@example.org", reason="unsubscribed", **WHO)
    path = table(
        ws.settings.root / "l.csv", ("Email",), ("stranger@example.org",), ("other@example.org",)
    )
    result = import_file(
        ws, path, "contacts", constants={"basis": "consent", "evidence": "x"}, **WHO
    )
    assert (result.accepted, result.quarantined) == (1, 1)
    assert person(ws, "other@example.org").summary == "a contact, not written to: unsubscribed"


def test_a_whole_domain_can_be_suppressed_and_lifted_with_a_name_and_a_reason(
    ws: Workspace,
) -> None:
    two_people_and_an_edition(ws)
    assert suppress(ws, "@Example.ORG", reason="the practice asked", **WHO)
    assert not suppress(ws, "example.org", reason="again", **WHO)
    assert "domain suppressed" in person(ws, ANN).summary
    with pytest.raises(Refused, match="reason"):
        unsuppress(ws, "example.org", reason=" ", **WHO)
    assert unsuppress(ws, "example.org", reason="they asked again", **WHO) == 1
    assert person(ws, ANN).summary.startswith("a contact, may be written to")
    (row,) = rows_of(ws.engine, "suppression")
    assert (row["lifted_by"], row["lifted_reason"]) == ("lee", "they asked again")
    with pytest.raises(NotFound):
        unsuppress(ws, "example.org", reason="once more", **WHO)
    actions = [entry["action"] for entry in rows_of(ws.engine, "audit")]
    assert actions[-3:] == ["suppress", "suppress", "unsuppress"]


def test_suppressing_one_address_leaves_its_domain_alone(ws: Workspace) -> None:
    two_people_and_an_edition(ws)
    suppress(ws, ANN, reason="objected", **WHO)
    assert person(ws, ANN).summary == "a contact, not written to: objected"
    assert person(ws, JOANN).summary.startswith("a contact, may be written to")


def test_a_malformed_target_is_refused_in_words(ws: Workspace) -> None:
    with pytest.raises(InputError, match=r"write it as example\.org"):
        suppress(ws, "not a domain", reason="x", **WHO)


def test_the_contacts_export_says_who_may_be_written_to_and_why_not(
    ws: Workspace, tmp_path: Path
) -> None:
    two_people_and_an_edition(ws)
    suppress(ws, JOANN, reason="unsubscribed", **WHO)
    erase_person(ws, "gone@example.org", **WHO)
    assert export(ws, "contacts", tmp_path / "c.csv") == 3
    with (tmp_path / "c.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["email"]: row for row in csv.DictReader(file)}
    assert tuple(rows[ANN]) == CONTACTS
    told = {who: (r["mailable"], r["not_mailable_reason"]) for who, r in rows.items()}
    assert told == {
        ANN: ("yes", ""),
        JOANN: ("no", "unsubscribed"),
        "bo@example.org": ("no", "no basis"),
    }


def by_hand(ws: Workspace, target: str) -> None:
    suppress(ws, target, **WHO)


def by_erasure(ws: Workspace, target: str) -> None:
    erase_person(ws, target, **WHO)


def by_import(ws: Workspace, target: str) -> None:
    path = table(ws.settings.root / "stop.csv", ("Email",), (target,))
    import_file(ws, path, "suppressions", **WHO)


@pytest.mark.parametrize(
    ("way", "target", "crossed"),
    [
        (by_hand, "person1@example.org", [1]),
        (by_hand, "example.org", [0, 1, 2]),
        (by_erasure, "person1@example.org", [1]),
        (by_import, "person1@example.org", [1]),
        (by_import, "@example.org", [0, 1, 2]),
        (by_import, "@example.net", []),
    ],
)
def test_what_is_in_flight_when_a_person_is_suppressed_is_listed_as_crossed(
    ws: Workspace, way: Callable[[Workspace, str], None], target: str, crossed: list[int]
) -> None:
    ledger = Ledger(ws)
    edition = ledger.edition(state=DeliveryState.CLAIMED)
    way(ws, target)
    found = [n for n in range(3) if ledger.row(edition, n).crossed_at]
    assert found == crossed


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("José@example.org", "josé@example.org"),
        ("JOSÉ@example.org", "josé@example.org"),
        ("an\u200bn@example.org;", "ann@example.org"),
        ('"jo o"@example.org', '"jo o"@example.org'),
    ],
)
def test_rows_with_an_unusual_address_are_found_and_erased_too(
    ws: Workspace, written: str, asked: str
) -> None:
    root = ws.settings.root
    path = table(root / "odd.csv", ("Email", "Sector"), (written, "Podiatry"))
    kept = table(root / "contacts" / "processed" / "odd.csv", ("Email", "Name"), (written, "J"))
    import_file(ws, path, "contacts", **WHO)
    assert person(ws, asked).known
    counts = erase_person(ws, asked, **WHO).counts
    assert (counts["quarantined rows"], counts["kept files"]) == (1, 1)
    assert rows_of(ws.engine, "quarantined_row")[0]["row"] == {}
    assert "example.org" not in kept.read_text(encoding="utf-8-sig")


def test_a_row_of_somebody_else_that_mentions_an_erased_person_is_kept_without_them(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "notes.csv",
        ("Email", "Sector", "Notes", "Manager"),
        ("bo@example.org", "Podiatry", "Ask eve@example.org\nRoom 2", ""),
        ("eve@example.org", "Podiatry", "", "bo@example.org"),
        ("Eve <eve@example.org>", "Podiatry", "", "bo@example.org"),
        ("bo@example.org", "Podiatry", "", "eve@example.org"),
    )
    import_file(ws, path, "contacts", **WHO)
    assert erase_person(ws, "eve@example.org", **WHO).counts["quarantined rows"] == 4
    kept = [row["row"] for row in rows_of(ws.engine, "quarantined_row")]
    assert kept[0]["Email"] == "bo@example.org"
    assert kept[0]["Notes"] == "(erased)\nRoom 2"
    assert kept[1:] == [{}, {}, {}]
    assert not person(ws, "eve@example.org").facts.quarantined


def test_an_export_of_something_else_is_refused_with_the_choice(
    ws: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="contacts, deliveries, events, pledges, quarantine"):
        export(ws, "everything", tmp_path / "x.csv")
