"""What a person did is undone by no import, and what happens after prepare counts at the claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.flows.bases import withdraw_basis
from outreach.flows.imports import import_file
from outreach.flows.organisations import set_subscriber_type
from outreach.flows.organising import doubtful, settle_match
from outreach.flows.people import person, suppress, unsuppress
from outreach.flows.pledging import withdraw_pledge
from outreach.keys import Keys
from outreach.ledger.claims import ClaimedBatch, claim
from outreach.ledger.leavers import mark_left
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.ledger import seeds

ANN = "ann@example.org"
PEOPLE = ("Email", "Organisation name", "Basis", "Evidence", "Job role")
WHY = {"reason": "asked by phone", **WHO}
Act = Callable[[Workspace], object]


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def take(ws: Workspace, kind: str, *rows: tuple[object, ...], name: str = "list") -> None:
    done = import_file(
        ws, table(ws.settings.root / f"{name}.csv", *rows), kind, source=kind, allow_shrink=True,
        allow_lost_column=True, **WHO,
    )  # fmt: skip
    assert (done.state, done.quarantined) == ("done", 0), done.message


def lists(ws: Workspace, more: str) -> None:
    """Take in everything that told of Ann, again; `more` makes each another file."""
    organisation = ("F83001", "Alder Practice", "GP", "NCL", "Barnet", "N1 1AA", "corporate")
    take(
        ws, "organisations",
        ("ODS code", "Name", "Sector", "ICS area", "Borough", "Postcode", "Subscriber type"),
        organisation, (f"F8{more}", f"Other {more}", "GP", "NCL", "Camden", "N2 2BB", ""),
    )  # fmt: skip
    row = (ANN, "The Alder Practice", "consent", "form of May", more)
    take(ws, "contacts", PEOPLE, row, (f"x{more}@example.org", "", "consent", "form", ""))
    pledges = (ANN, "2026-03-01"), (f"y{more}@example.org", "2026-03-02")
    take(ws, "pledges", ("Email", "Pledged on"), *pledges)


def bounced(ws: Workspace, more: str = "a") -> None:
    """Take in the previous tool's list, with a date before anything a person said since."""
    rows = (ANN, "hard bounce", "2026-01-05"), (f"z{more}@example.org", "hard bounce", "2026-01-05")
    take(ws, "suppressions", ("Email", "Reason", "Date"), *rows, name=f"stops{more}")


def left(ws: Workspace) -> None:
    with ws.engine.begin() as c:
        mark_left(c, [ws.keys.address_hash(ANN)], seeds.NOW)


def settle(ws: Workspace) -> None:
    (one,) = doubtful(ws)
    settle_match(ws, one.id, None, reason="another one in Kent", **WHO)


def lift_an_old_bounce(ws: Workspace) -> None:
    bounced(ws)
    unsuppress(ws, ANN, **WHY)


def leave_and_come_back(ws: Workspace) -> None:
    left(ws)
    unsuppress(ws, ANN, **WHY)


ACTS: dict[str, Act] = {
    "a suppression": lambda ws: suppress(ws, ANN, reason="unsubscribed", **WHO),
    "a suppression for one purpose": lambda ws: suppress(
        ws, ANN, reason="objected", scope="direct_marketing", **WHO
    ),
    "a suppressed domain": lambda ws: suppress(ws, "example.org", reason="objected", **WHO),
    "a withdrawn basis": lambda ws: withdraw_basis(ws, ANN, **WHY),
    "a basis withdrawn for one purpose": lambda ws: withdraw_basis(
        ws, ANN, purpose="direct_marketing", **WHY
    ),
    "a withdrawn pledge": lambda ws: withdraw_pledge(ws, ANN, **WHY),
    "a leaver": left,
    "a leaver who came back": leave_and_come_back,
    "a lifted suppression": lift_an_old_bounce,
    "the type of an organisation": lambda ws: set_subscriber_type(
        ws, "F83001", "individual", reason="a partnership", **WHO
    ),
    "a settled match": settle,
}


def stands(ws: Workspace) -> dict[str, Any]:
    """Everything of Ann and of her organisation that a person decided."""
    mine = ws.keys.address_hash(ANN)
    facts = person(ws, ANN).facts
    assert facts.contact
    domain = ws.keys.domain_hash(ANN)
    return {
        "contact": [facts.contact[n] for n in ("left_at", "organisation_id", "organisation_how")],
        "suppressions": [
            row for row in rows_of(ws.engine, "suppression")
            if mine == row["address_hash"] or row["domain_hash"] == domain
        ],
        "bases": facts.bases,
        "pledges": facts.pledges,
        "type": [
            r["subscriber_type"] for r in rows_of(ws.engine, "organisation")
            if r["ods_code"] == "F83001"
        ],
        "matches": [
            (m["state"], m["settled_by"], m["organisation_id"])
            for m in rows_of(ws.engine, "organisation_match")
        ],
        "why": person(ws, ANN).summary,
    }  # fmt: skip


@pytest.mark.parametrize("what", ACTS)
def test_no_import_undoes(ws: Workspace, what: str) -> None:
    lists(ws, "1a")
    before = stands(ws)
    ACTS[what](ws)
    decided = stands(ws)
    assert decided != before, "nothing was decided"
    lists(ws, "2b")
    if what == "a lifted suppression":
        bounced(ws, "b")
    assert stands(ws) == decided


STOPS: dict[str, tuple[Act, str]] = {
    "a suppression": (lambda ws: suppress(ws, ANN, reason="objected", **WHO), "objected"),
    "one for this purpose": (
        lambda ws: suppress(ws, ANN, reason="objected", scope="public_task", **WHO),
        "objected",
    ),
    "one for another purpose": (
        lambda ws: suppress(ws, ANN, reason="objected", scope="direct_marketing", **WHO),
        "",
    ),
    "a domain": (lambda ws: suppress(ws, "example.org", **WHY), "domain suppressed"),
    "a domain for another purpose": (
        lambda ws: suppress(ws, "example.org", scope="direct_marketing", **WHY),
        "",
    ),
    "an imported suppression": (bounced, "hard bounce"),
    "an imported domain": (
        lambda ws: take(ws, "suppressions", ("Domain", "Reason"), ("example.org", "objected")),
        "domain suppressed",
    ),
    "a withdrawn basis": (lambda ws: withdraw_basis(ws, ANN, **WHY), "no basis"),
    "a basis withdrawn for this purpose": (
        lambda ws: withdraw_basis(ws, ANN, purpose="public_task", **WHY),
        "no basis for this purpose",
    ),
    "a list that says they left": (
        lambda ws: take(ws, "contacts", ("Email", "Left on"), (ANN, "2026-11-01")),
        "left",
    ),
}


@pytest.mark.parametrize("what", STOPS)
def test_what_happens_between_prepare_and_claim_is_honoured(ws: Workspace, what: str) -> None:
    take(ws, "contacts", PEOPLE, (ANN, "", "consent", "form", ""))
    edition_id = seeds.make_edition(ws.engine)
    assert edition_id
    act, reason = STOPS[what]
    act(ws)
    taken = claim(
        ws.engine, edition_id, sender="one", now=seeds.NOW, lease=timedelta(minutes=5),
        token_kid="k1", allowed=lambda _: True,
    )  # fmt: skip
    handed = [one.address for one in taken.people] if isinstance(taken, ClaimedBatch) else []
    (row,) = rows_of(ws.engine, "delivery")
    assert (handed, row["reason"]) == (([], reason) if reason else ([ANN], ""))
