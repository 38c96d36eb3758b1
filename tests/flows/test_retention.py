"""Retention: looked at first, confirmed by a named person, then for real; the promise stays."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.cli import main
from outreach.domain import DeliveryState, EditionState, Purpose
from outreach.errors import InputError, Refused
from outreach.flows.imports import import_file
from outreach.flows.people import person, suppress, unsuppress
from outreach.flows.retention import apply_retention, confirm, confirmed, latest
from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.ledger import thinning
from outreach.ledger.certificate import certificate
from outreach.ledger.editions import batch, delivery, edition, event, raw_event
from outreach.ledger.people import basis, contact, import_, suppression
from outreach.retention import USUAL, Retention
from outreach.segments import Segment
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger import seeds

LONG_AGO = datetime.now(UTC) - timedelta(days=4_000)
ALL_RULES = Retention(**{one.name: 30 for one in fields(Retention)})
LEFT, NEVER, KEPT = "person0@example.org", "nobody@example.org", "person1@example.org"


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    ws = own_workspace(settings, keys, engine, tmp_path)
    return replace(ws, hub=replace(ws.hub, retention=ALL_RULES))


@pytest.fixture
def old(ws: Workspace) -> int:
    """An edition of long ago that went to three, one in doubt; a leaver; somebody with no basis."""
    seeds.add_people(ws.engine, ws.keys, 3)
    made = seeds.make_edition(ws.engine)
    assert made
    bad = table(
        ws.settings.root / "b.csv", ("Email", "Sector"), (NEVER, ""), ("x@x.org", "Podiatry")
    )
    import_file(ws, bad, "contacts", **WHO)
    suppress(ws, LEFT, reason="unsubscribed", **WHO)
    for folder in ("processed", "quarantine"):
        path = table(ws.settings.root / "contacts" / folder / "a.csv", ("Email",), (LEFT,))
        os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    letter = ws.settings.home / "outbox" / "news@one" / "a.eml"
    letter.parent.mkdir(parents=True)
    letter.write_text("To: a@example.org\n\nDear you")
    os.utime(letter, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    with ws.engine.begin() as c:
        first = c.execute(sa.select(sa.func.min(delivery.c.contact_id))).scalar_one()
        for statement in (
            sa.update(edition).values(state=EditionState.SENT, finished_at=LONG_AGO),
            sa.update(batch).values(state=DeliveryState.ACCEPTED),
            sa.update(delivery).where(delivery.c.contact_id == first + 2).values(state="unknown"),
            sa.update(contact).values(created_at=LONG_AGO, updated_at=LONG_AGO),
            sa.update(contact).where(contact.c.id == first).values(left_at=LONG_AGO),
            sa.update(basis).where(basis.c.contact_id == first + 1).values(withdrawn_at=LONG_AGO),
            sa.update(import_).values(finished_at=LONG_AGO),
            sa.insert(raw_event).values(received_at=LONG_AGO, body=b"[]", drained_at=LONG_AGO),
            sa.insert(raw_event).values(received_at=LONG_AGO, body=b"[1]"),
            sa.insert(event).values(
                edition_id=made, contact_id=first, type="delivered", occurred_at=LONG_AGO,
                recorded_at=LONG_AGO, fact_key=b"1" * 16),
            sa.text("UPDATE audit SET at = '2010-01-01 00:00:00+00:00'")
            if c.dialect.name == "postgresql"
            else sa.text("UPDATE audit SET at = '2010-01-01 00:00:00.000000'"),
        ):  # fmt: skip
            c.execute(statement)
    return made


EXPECTED = {
    "raw_events": 1, "quarantined_rows": 1, "processed_files": 1, "refused_files": 1,
    "outbox_files": 1, "sent_messages": 2, "events": 1, "leavers": 1, "never_mailable": 1,
    "history": 2,
}  # fmt: skip


def everything(ws: Workspace) -> dict[str, list[dict[str, Any]]]:
    names = ("contact", "basis", "delivery", "raw_event", "event", "quarantined_row", "audit")
    return {name: rows_of(ws.engine, name) for name in names}


def test_nothing_goes_before_a_look_and_a_persons_word(ws: Workspace, old: int) -> None:
    before = everything(ws)
    with pytest.raises(Refused, match="nobody has confirmed"):
        apply_retention(ws, dry_run=False, **WHO)
    with pytest.raises(Refused, match="look first"):
        confirm(ws, **WHO)
    found = apply_retention(ws, dry_run=True, **WHO)
    assert dict(found.counts) == EXPECTED
    assert everything(ws) == before
    with pytest.raises(Refused, match="name"):
        confirm(ws, by=" ", via="test")
    confirm(ws, **WHO)
    assert confirmed(ws)
    other = replace(ws, hub=replace(ws.hub, retention=replace(ALL_RULES, leavers=31)))
    assert not confirmed(other)
    with pytest.raises(Refused, match="nobody has confirmed"):
        apply_retention(other, dry_run=False, **WHO)


def test_what_is_old_goes_and_the_promise_stays(ws: Workspace, old: int) -> None:
    with ws.engine.connect() as c:
        before = certificate(c, "news@one")
    apply_retention(ws, dry_run=True, **WHO)
    confirm(ws, **WHO)
    done = apply_retention(ws, dry_run=False, **WHO)
    assert dict(done.counts) == EXPECTED
    with ws.engine.connect() as c:
        assert certificate(c, "news@one") == before
        left = c.execute(sa.select(delivery).order_by(delivery.c.contact_id)).all()
    assert [row.email for row in left] == [None, None, "person2@example.org"]
    assert all(row.address_hash and row.occasion for row in left)
    assert [row["body"] for row in rows_of(ws.engine, "raw_event")] == [None, b"[1]"]
    (kept,) = rows_of(ws.engine, "import")
    assert kept["reasons"] == {"sector not recognised": 1}
    assert not list((ws.settings.root / "contacts").rglob("*.csv"))
    again = apply_retention(ws, dry_run=False, **WHO)
    assert {rule: n for rule, n in again.counts.items() if n} == {}
    assert [run.dry_run for run in latest(ws)] == [False, False, True]


def test_who_was_let_go_is_not_written_to_again_by_a_new_list(ws: Workspace, old: int) -> None:
    apply_retention(ws, dry_run=True, **WHO)
    confirm(ws, **WHO)
    apply_retention(ws, dry_run=False, **WHO)
    assert LEFT not in str(everything(ws))
    path = table(ws.settings.root / "n.csv", ("Email", "Job role"), (LEFT, "Nurse"), (KEPT, "GP"))
    import_file(
        ws, path, "contacts", constants={"basis": "public_task", "evidence": "staff"}, **WHO
    )
    assert person(ws, LEFT).summary == "a contact, not written to: unsubscribed"
    assert person(ws, KEPT).summary == "a contact, not written to: no basis"
    again = {one.address for one in seeds.candidates(ws.engine) if not one.why_not}
    assert not again & {LEFT, KEPT}
    with ws.engine.connect() as c:
        mine = contact.c.address_hash == ws.keys.address_hash(LEFT)
        assert c.execute(sa.select(contact.c.left_at).where(mine)).scalar() == LONG_AGO


def test_nobody_gets_an_edition_or_a_letter_for_a_pledge_twice_after_thinning(
    ws: Workspace, old: int
) -> None:
    pledged = seeds.Rule("thanks", Purpose.PUBLIC_TASK, Segment(), per_pledge=True)
    people = [f"person{n}@example.org" for n in range(3)]
    with ws.engine.begin() as c:
        for address in people:
            mine = contact.c.address_hash == ws.keys.address_hash(address)
            number = c.execute(sa.select(contact.c.id).where(mine)).scalar_one()
            seeds.add_pledge(c, ws.keys, number, address, days_ago=3)
        c.execute(sa.update(contact).values(left_at=None))
        c.execute(sa.update(basis).values(withdrawn_at=None))
        c.execute(sa.update(suppression).values(lifted_at=LONG_AGO))
    thanked = seeds.make_edition(ws.engine, rule=pledged)
    sent = [r for r in rows_of(ws.engine, "delivery") if r["edition_id"] == thanked]
    assert [r["state"] for r in sent] == [None] * 3
    with ws.engine.begin() as c:
        c.execute(sa.update(edition).values(state=EditionState.SENT, finished_at=LONG_AGO))
        c.execute(sa.update(batch).values(state=DeliveryState.ACCEPTED))
        c.execute(sa.update(contact).values(left_at=LONG_AGO))
    apply_retention(ws, dry_run=True, **WHO)
    confirm(ws, **WHO)
    assert apply_retention(ws, dry_run=False, **WHO).counts["leavers"] == 4  # NEVER too
    for address in people:
        unsuppress(ws, address, reason="works there again", **WHO)
    path = table(ws.settings.root / "n.csv", ("Email",), *((one,) for one in people))
    import_file(
        ws, path, "contacts", constants={"basis": "public_task", "evidence": "staff"}, **WHO
    )
    said = "a contact, may be written to; not for direct marketing: no basis for this purpose"
    assert {person(ws, one).summary for one in people} == {said}
    assert seeds.make_edition(ws.engine) is None
    seeds.make_edition(ws.engine, rule=pledged, occurrence="two")
    again = [r for r in rows_of(ws.engine, "delivery") if r["edition_id"] not in (old, thanked)]
    assert [r for r in again if r["state"] is None] == []


def test_the_rules_are_days_or_keep_and_change_nothing_that_readers_see(tmp_path: Path) -> None:
    text = (ROOT / "hub.yaml").read_text()
    plain = load_hub(ROOT / "hub.yaml")
    assert plain.retention == USUAL
    path = tmp_path / "hub.yaml"
    shipped = text.partition("\nretention:")[0] + "\n"
    path.write_text(shipped + "retention:\n  raw_events: keep\n  leavers: 100\n")
    hub = load_hub(path)
    assert (hub.retention.raw_events, hub.retention.leavers) == (None, 100)
    assert "raw_events" not in hub.retention.rules()
    assert (hub.digest, hub.retention.digest) != (plain.digest, plain.retention.digest)
    for wrong in ("  leavers: 3\n", "  leavers: soon\n", "  lists: 100\n"):
        path.write_text(shipped + "retention:\n" + wrong)
        with pytest.raises(InputError, match=r"hub\.yaml:\d+"):
            load_hub(path)


def test_every_rule_is_carried_out_by_something() -> None:
    files = {"processed_files", "refused_files", "outbox_files"}
    assert {one.name for one in fields(Retention)} == {*thinning.RULES, *files, "sent_messages"}


def test_the_command_looks_then_confirms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    assert main(["retention", "--apply"]) == 1
    assert main(["--json", "retention"]) == 0
    assert json.loads(capsys.readouterr().out)["dry_run"] is True
    assert main(["--json", "retention", "--apply", "--by", "amy"]) == 0
    assert json.loads(capsys.readouterr().out)["confirmed"] is True
