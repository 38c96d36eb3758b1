"""An approver's answer in Airflow, judged again and written down."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.errors import Refused
from outreach.flows import editions, previewing
from outreach.flows.decisions import decide, read_answer
from outreach.flows.imports import import_file
from outreach.settings import ROOT
from outreach.workspace import Workspace

SAMPLES = ROOT / "contacts" / "samples"


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """Decisions are made of flows that are proven on both databases."""
    return sqlite_url


@pytest.fixture
def edition(ws: Workspace) -> str:
    """An edition that amy prepared and that waits for an answer."""
    import_file(
        ws,
        SAMPLES / "contacts-general-practice.csv",
        "contacts",
        constants={"basis": "public_task", "evidence": "made-up", "sector": "General Practice"},
        by="amy",
        via="test",
    )
    prepared = editions.prepare(ws, "what-is-wres", "one", by="amy", via="test")
    assert prepared.planned
    return prepared.edition


def answer(by: str | None, option: str = "Approve") -> dict[str, Any]:
    user = {"id": by, "name": by} if by else None
    return {"chosen_options": [option], "params_input": {}, "responded_by_user": user}


def hash_of(ws: Workspace, edition: str) -> str:
    return editions.approval_request(ws, edition).approval_hash


def test_an_approver_approves_and_is_named(ws: Workspace, edition: str) -> None:
    decided = decide(ws, edition, hash_of(ws, edition), answer("lee"))
    assert decided.approved
    assert "by lee" in decided.message
    assert editions.certificate(ws, edition).state == "approved"


def test_a_decision_stands_when_the_task_runs_again(ws: Workspace, edition: str) -> None:
    shown = hash_of(ws, edition)
    assert decide(ws, edition, shown, answer("lee")).approved
    assert decide(ws, edition, shown, answer("lee")).approved


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (answer("lee", "Reject"), "said no"),
        (answer(None, "Reject"), "nobody answered in time"),
        (None, "nobody was asked"),
    ],
    ids=["refused", "no answer", "not asked"],
)
def test_anything_else_rejects_it_and_nobody_is_written_to(
    ws: Workspace, edition: str, given: dict[str, Any] | None, why: str
) -> None:
    decided = decide(ws, edition, hash_of(ws, edition), given)
    assert not decided.approved
    assert why in decided.message
    account = editions.certificate(ws, edition)
    assert account.state == "rejected"
    assert account.balanced
    assert not account.planned


@pytest.mark.parametrize(
    ("who", "why"),
    [("amy", "an author cannot approve"), ("casey", "an author"), ("vic", "not an approver")],
    ids=["who triggered", "owner", "no approver"],
)
def test_an_answer_that_does_not_count_lets_the_edition_wait_for_another(
    ws: Workspace, edition: str, who: str, why: str
) -> None:
    with pytest.raises(Refused, match=why) as told:
        decide(ws, edition, hash_of(ws, edition), answer(who))
    assert "clear the task approve" in str(told.value)
    assert editions.certificate(ws, edition).state == "prepared"
    assert decide(ws, edition, hash_of(ws, edition), answer("lee")).approved


def test_an_author_under_an_id_that_is_a_number_is_still_an_author(
    ws: Workspace, edition: str
) -> None:
    given = answer("amy") | {"responded_by_user": {"id": "3", "name": "Amy"}}
    with pytest.raises(Refused, match="an author"):
        decide(ws, edition, hash_of(ws, edition), given)


def test_what_was_not_shown_is_not_approved(ws: Workspace, edition: str) -> None:
    decided = decide(ws, edition, "0" * 16 + "-" + "0" * 16, answer("lee"))
    assert not decided.approved
    assert "changed" in decided.message


def test_a_colleague_with_an_authors_name_and_another_id_is_still_an_author() -> None:
    """Some of Airflow's log-ins give ids that are numbers."""
    found = read_answer(
        {"chosen_options": ["Approve"], "responded_by_user": {"id": 3, "name": "amy"}}
    )
    assert (found.by, found.name, found.approve) == ("3", "amy", True)


def test_a_dry_run_counts_what_prepare_would_and_keeps_nothing(ws: Workspace, edition: str) -> None:
    prepared = editions.prepare(ws, "what-is-wres", "one", by="amy", via="test")
    found = previewing.preview(ws, "what-is-wres", "two")
    assert (found.planned, found.variants) == (prepared.planned, prepared.variants)
    assert found.suppressed == prepared.suppressed
    assert str(found.planned) in found.message
    assert editions.open_editions(ws) == [edition]
