"""What a person agreed to: bases, counting of clicks, and pledges, set by named people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.cli import main
from outreach.domain import Purpose
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.bases import give_basis, withdraw_basis
from outreach.flows.imports import import_file
from outreach.flows.people import person
from outreach.flows.pledging import withdraw_pledge
from outreach.flows.tracking import choose_tracking
from outreach.keys import Keys
from outreach.ledger.audience import Rule
from outreach.segments import Segment
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger import seeds

ANN = "ann@example.org"
THANKS = Rule("thanks", Purpose.PUBLIC_TASK, Segment.of(pledged=True), per_pledge=True)


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    ws = own_workspace(settings, keys, engine, tmp_path)
    import_file(ws, table(tmp_path / "c.csv", ("Email",), (ANN,)), "contacts", **WHO)
    return ws


def pledges(ws: Workspace, *days: str) -> None:
    rows = [(ANN, day) for day in days]
    path = table(ws.settings.root / "p.csv", ("Email", "Pledged on"), *rows)
    import_file(
        ws, path, "pledges", constants={"basis": "public_task", "evidence": "pledge"}, **WHO
    )


def test_a_basis_is_given_and_withdrawn_by_a_named_person(ws: Workspace) -> None:
    with pytest.raises(Refused, match="evidence"):
        give_basis(ws, ANN, "consent", evidence=" ", **WHO)
    assert give_basis(ws, ANN, "consent", evidence="letter of 2 May", wording_version="v3", **WHO)
    assert not give_basis(ws, ANN, "consent", evidence="the same", **WHO)
    assert person(ws, ANN).summary == "a contact, may be written to"
    with pytest.raises(Refused, match="name and a reason"):
        withdraw_basis(ws, ANN, reason="", **WHO)
    assert withdraw_basis(ws, ANN, kind="consent", reason="rang us", **WHO) == 1
    assert person(ws, ANN).summary == "a contact, not written to: no basis"
    with pytest.raises(NotFound):
        withdraw_basis(ws, ANN, reason="rang again", **WHO)
    assert give_basis(ws, ANN, "consent", evidence="letter of 9 May", **WHO)
    (row,) = rows_of(ws.engine, "basis")
    assert (row["evidence"], row["withdrawn_by"]) == ("letter of 9 May", "")
    said = [(r["action"], r["who"]) for r in rows_of(ws.engine, "audit")][1:]
    assert said == [("give basis", "lee"), ("withdraw basis", "lee"), ("give basis", "lee")]
    for wrong in ({"kind": "soft opt-in"}, {"kind": "consent", "purpose": "news"}):
        with pytest.raises(InputError):
            give_basis(ws, ANN, evidence="x", **wrong, **WHO)
    with pytest.raises(NotFound):
        give_basis(ws, "nobody@example.org", "consent", evidence="x", **WHO)


def test_counting_clicks_needs_evidence_and_stopping_it_needs_nothing(ws: Workspace) -> None:
    with pytest.raises(Refused, match="evidence"):
        choose_tracking(ws, ANN, True, **WHO)
    assert choose_tracking(ws, ANN, True, evidence="said so on 3 May", wording_version="v1", **WHO)
    assert not choose_tracking(ws, ANN, True, evidence="again", **WHO)
    assert choose_tracking(ws, ANN, False, **WHO)
    found = [(r["given"], r["evidence"]) for r in rows_of(ws.engine, "tracking_choice")]
    assert found == [(True, "said so on 3 May"), (False, "")]
    assert person(ws, ANN).summary == "a contact, not written to: no basis"


def test_a_withdrawn_pledge_is_answered_no_more_and_no_old_row_brings_it_back(
    ws: Workspace,
) -> None:
    pledges(ws, "2026-03-01")
    assert [c.address for c in seeds.candidates(ws.engine, THANKS)] == [ANN]
    assert withdraw_pledge(ws, ANN, reason="signed by mistake", **WHO) == 1
    pledges(ws, "2026-03-01", "2026-03-01")
    assert seeds.candidates(ws.engine, THANKS) == []
    (row,) = rows_of(ws.engine, "pledge")
    assert (row["withdrawn_by"], row["withdrawn_reason"]) == ("lee", "signed by mistake")
    with pytest.raises(NotFound):
        withdraw_pledge(ws, ANN, reason="again", **WHO)


def test_a_renewal_is_answered_only_by_a_campaign_that_says_so(ws: Workspace) -> None:
    pledges(ws, "2026-03-01", "2026-09-01")
    (first,) = seeds.candidates(ws.engine, THANKS)
    renewing = Rule(**{f: getattr(THANKS, f) for f in ("slug", "purpose", "segment", "per_pledge")},
                    renewals=True)  # fmt: skip
    (latest,) = seeds.candidates(ws.engine, renewing)
    assert (first.occasion[:17], latest.occasion[:17]) == ("pledge:2026-03-01", "pledge:2026-08-31")
    assert first.reader.pledged_on == latest.reader.pledged_on


def test_the_commands_do_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    people = table(tmp_path / "p.csv", ("Email", "Pledged on"), (ANN, "2026-03-01"))
    assert main(["import", str(people), "--kind", "pledges"]) == 0
    assert main(["basis", ANN, "--give", "consent", "--evidence", "form", "--by", "amy"]) == 0
    assert main(["tracking", ANN, "--give", "--evidence", "form"]) == 0
    assert main(["tracking", ANN, "--withdraw"]) == 0
    assert main(["pledge", ANN, "--withdraw", "--reason", "asked", "--by", "amy"]) == 0
    assert main(["basis", ANN, "--withdraw", "--reason", "asked", "--purpose", "public_task"]) == 0
    assert main(["suppress", ANN, "--reason", "objected", "--scope", "direct_marketing"]) == 0
    assert main(["suppress", ANN, "--reason", "hard bounce"]) == 0
    assert main(["unsuppress", ANN, "--reason", "asked"]) == 1
    capsys.readouterr()
    assert main(["--json", "unsuppress", ANN, "--reason", "asked", "--which", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["lifted"] == 1
