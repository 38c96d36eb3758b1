"""An edition that nobody will end is ended: never answered, or approved and too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.flows import editions
from outreach.flows.lapsing import ANSWER_WITHIN, GRACE, close_lapsed
from outreach.ledger.editions import edition
from outreach.workspace import Workspace
from tests.ledger.seeds import add_people, make_edition

NAME = "news@one"
NOW = datetime.now(UTC)
LONG_AGO = NOW - ANSWER_WITHIN - GRACE - timedelta(minutes=1)


def frozen(ws: Workspace, state: EditionState, **values: Any) -> None:
    add_people(ws.engine, ws.keys, 3)
    make_edition(ws.engine, state=state)
    with ws.engine.begin() as connection:
        values = {"created_at": NOW, **values}
        connection.execute(sa.update(edition).where(edition.c.name == NAME).values(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"created_at": LONG_AGO},
        {"created_at": LONG_AGO - timedelta(days=9), "checked_at": LONG_AGO},
        {"late_after": NOW - timedelta(hours=2)},
    ],
    ids=["prepared and never asked", "asked a week ago", "the time to send is over"],
)
def test_one_that_nobody_answered_is_rejected_and_accounted_for(
    ws: Workspace, values: dict[str, Any]
) -> None:
    frozen(ws, EditionState.PREPARED, **values)
    (line,) = close_lapsed(ws, via="test")
    assert "nobody answered in time" in line
    account = editions.certificate(ws, NAME)
    assert (account.state, account.cancelled, account.planned) == ("rejected", 3, 0)
    assert account.balanced
    assert close_lapsed(ws, via="test") == ()


def test_one_that_was_approved_and_is_too_late_is_cancelled(ws: Workspace) -> None:
    frozen(ws, EditionState.APPROVED, late_after=NOW - timedelta(hours=2))
    (line,) = close_lapsed(ws, via="test")
    assert "not sent in time" in line
    account = editions.certificate(ws, NAME)
    assert (account.state, account.reasons["cancelled"]) == ("cancelled", {"too late": 3})


@pytest.mark.parametrize(
    ("state", "values"),
    [
        (EditionState.PREPARED, {"checked_at": NOW, "created_at": LONG_AGO}),
        (EditionState.PREPARED, {"late_after": NOW - timedelta(minutes=30)}),
        (EditionState.APPROVED, {"created_at": LONG_AGO}),
        (EditionState.SENDING, {"late_after": LONG_AGO}),
    ],
    ids=["asked today", "its own run comes first", "approved for no set time", "being sent"],
)
def test_one_that_may_still_go_is_left_alone(
    ws: Workspace, state: EditionState, values: dict[str, Any]
) -> None:
    frozen(ws, state, **values)
    assert close_lapsed(ws, via="test") == ()
    assert editions.certificate(ws, NAME).planned == 3
