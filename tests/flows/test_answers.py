"""Why somebody did or did not get each edition, in words; and the certificate in files."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.errors import InputError
from outreach.flows import answers, certifying, doubts, editions, people, resending
from outreach.flows.events import drain
from outreach.ledger.editions import batch, delivery, edition, event
from outreach.ledger.events import store_raw
from outreach.ledger.people import contact
from outreach.segments import Segment
from outreach.workspace import Workspace
from tests.fakes.ledger import happened, post
from tests.ledger.seeds import EVERYONE, add_contact, candidates, make_edition, suppress

CONTENT = {
    "subject": {"literals": ["News for ", ""], "slots": [2]},
    "text": {"literals": ["Dear ", ", stop: ", "\n"], "slots": [2, 0]},
    "html": {"literals": ["<p>Dear ", ', <a href="', '">stop</a></p>'], "slots": [2, 0]},
}
NAME, AGAIN = "news@one", "news@one+again1"
DENTISTS = replace(EVERYONE, segment=Segment.of(sectors=("Dentistry",)))


@pytest.fixture
def lived(ws: Workspace) -> Workspace:
    """An edition that was sent, one of whose deliveries failed and was ordered again."""
    with ws.engine.begin() as connection:
        for name in ("fine", "lost", "doubt", "late"):
            add_contact(connection, ws.keys, f"{name}@example.org", sector="Dentistry")
        add_contact(connection, ws.keys, "no@example.org", sector="Dentistry")
        add_contact(connection, ws.keys, "other@example.org", sector="Optometry")
        suppress(connection, ws.keys, "no@example.org")
    assert len(candidates(ws.engine, DENTISTS)) == 5
    make_edition(ws.engine, rule=DENTISTS, batch_size=9, content=CONTENT)
    with ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(approved_by="lee", approved_via="airflow"))
    editions.send(ws, NAME)
    set_state(ws, "lost", "unknown")
    set_state(ws, "doubt", "unknown", "the reply was lost")
    lost = id_of(ws, "lost")
    doubts.settle_doubt(ws, NAME, lost, by="amy", via="t", reason="=not in the log")
    resending.resend(ws, NAME, [lost], by="amy", via="t", reason="it got lost")
    editions.settle(ws, NAME)
    with ws.engine.begin() as connection:
        add_contact(connection, ws.keys, "new@example.org", sector="Dentistry")
        joined = datetime.now(UTC) + timedelta(days=1)
        where = contact.c.address_hash == ws.keys.address_hash("new@example.org")
        connection.execute(sa.update(contact).where(where).values(created_at=joined))
    return ws


def number(ws: Workspace, name: str) -> int:
    with ws.engine.connect() as connection:
        hashed = ws.keys.address_hash(f"{name}@example.org")
        return int(
            connection.execute(
                sa.select(contact.c.id).where(contact.c.address_hash == hashed)
            ).scalar_one()
        )


def id_of(ws: Workspace, name: str) -> str:
    with ws.engine.connect() as connection:
        made = connection.execute(sa.select(sa.func.min(edition.c.id))).scalar_one()
    return ws.keys.delivery_id(made, number(ws, name))


def set_state(ws: Workspace, name: str, state: str, reason: str = "") -> None:
    theirs = number(ws, name)
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.contact_id == theirs)
            .values(state=state, reason=reason)
        )


def words(ws: Workspace, name: str) -> dict[str, str]:
    found = people.person(ws, f"{name}@example.org")
    return {line.edition: line.words for line in found.editions}


def test_every_edition_is_answered_for_everybody(lived: Workspace) -> None:
    for name in ("fine", "lost", "doubt", "no", "other", "new"):
        assert set(words(lived, name)) == {NAME, AGAIN}
    assert words(lived, "fine")[NAME].startswith("It was sent on ")
    assert "outbox took it" in words(lived, "fine")[NAME]
    assert "a person found out (settled by amy" in words(lived, "lost")[NAME]
    assert f"ordered again as {AGAIN}" in words(lived, "lost")[NAME]
    assert f"sent again what did not arrive of {NAME}" in words(lived, "lost")[AGAIN]
    assert "not known whether it was sent" in words(lived, "doubt")[NAME]
    assert "the reply was lost" in words(lived, "doubt")[NAME]
    assert "must not be written to: unsubscribed" in words(lived, "no")[NAME]
    assert "outside the audience: sector" in words(lived, "other")[NAME]
    assert "you were not a contact yet (we have known you since" in words(lived, "new")[NAME]
    assert f"only sent again what did not arrive of {NAME}" in words(lived, "new")[AGAIN]
    assert people.person(lived, "stranger@example.org").editions == ()


def test_a_line_names_its_delivery_its_resend_and_its_crossing(lived: Workspace) -> None:
    at = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
    where = delivery.c.contact_id == number(lived, "lost")
    with lived.engine.begin() as connection:
        connection.execute(sa.update(delivery).where(where).values(crossed_at=at))
    again, first = people.person(lived, "lost@example.org").editions
    assert (first.delivery_id, first.again, first.again_of) == (id_of(lived, "lost"), (AGAIN,), "")
    assert (again.again_of, first.crossed_at) == (NAME, at)
    assert "You objected while it was on its way" in first.words


def test_every_state_has_words() -> None:
    assert set(answers._WORDS) == set(DeliveryState)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_the_rows_of_the_certificate_add_up_to_it(lived: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "certificate.csv"
    certifying.export_certificate(lived, NAME, out)
    rows = rows_of(out)
    counted = Counter(row["counts_as"] for row in rows)
    account = editions.certificate(lived, NAME)
    for line in ("accepted", "failed", "suppressed", "cancelled", "unknown", "planned", "claimed"):
        assert counted[line] == getattr(account, line), line
    assert counted["excluded"] == account.excluded == 1
    assert len(rows) == account.intended + account.excluded
    assert len({row["delivery_id"] for row in rows}) == len(rows)
    by_id = {row["delivery_id"]: row for row in rows}
    assert by_id[id_of(lived, "lost")]["reason"] == "settled by amy: =not in the log"
    assert by_id[id_of(lived, "fine")]["claimed_at"]
    assert "@example.org" not in out.read_text()


def test_what_came_after_settling_is_said_beside_what_was_settled(
    lived: Workspace, tmp_path: Path
) -> None:
    assert certifying.account(lived, NAME).changes == ()
    heard = post(happened("delivered", id_of(lived, "fine")))
    with lived.engine.begin() as connection:
        store_raw(connection, "sendgrid", heard, datetime.now(UTC))
    drain(lived)
    found = certifying.account(lived, NAME)
    assert found.changes == (
        "now accepted: 2 when settled, 1 today",
        "now delivered: 0 when settled, 1 today",
    )
    assert found.settled is not None
    assert found.settled["became"]["delivered"] == 0
    assert found.settled_at is not None
    certifying.export_certificate(lived, NAME, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text()
    certifying.export_certificate(lived, NAME, tmp_path / "c.json")
    kept = json.loads((tmp_path / "c.json").read_text())
    for said in ("balanced to the person", "lee", found.facts.content_hash, found.changes[0]):
        assert said in page
    assert (kept["now"]["balanced"], kept["facts"]["resends"]) == (True, [AGAIN])
    assert kept["facts"]["approved_by"] == "lee"
    assert certifying.account(lived, AGAIN).facts.again_of == NAME
    with pytest.raises(InputError, match=r"\.csv"):
        certifying.export_certificate(lived, NAME, tmp_path / "c.docx")


def test_a_persons_export_and_erasure_cover_resends(lived: Workspace, tmp_path: Path) -> None:
    people.export_person(lived, "lost@example.org", tmp_path / "p.json")
    told = json.loads((tmp_path / "p.json").read_text())
    assert [one["name"] for one in told["deliveries"]] == [NAME, AGAIN]
    people.erase_person(lived, "lost@example.org", by="amy", via="t")
    with lived.engine.connect() as connection:
        left = connection.execute(
            sa.select(delivery.c.email, delivery.c.slot_values).where(
                delivery.c.contact_id == number(lived, "lost")
            )
        ).all()
        assert connection.execute(sa.select(sa.func.count(event.c.id))).scalar() == 0
        assert connection.execute(sa.select(sa.func.count(batch.c.id))).scalar() == 2
    assert left == [(None, None), (None, None)]
    editions.send(lived, AGAIN)
    account = editions.settle(lived, AGAIN)
    assert (account.suppressed, account.balanced) == (1, True)
