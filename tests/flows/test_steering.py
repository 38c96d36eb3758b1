"""An order from a form: who gave it, what it does, and what it says of a wrong name."""

from __future__ import annotations

import pytest

from outreach.errors import InputError, NotFound, Refused
from outreach.flows import control, waiting
from outreach.flows.steering import Order, steer
from outreach.steeringwords import NEEDS_A_REASON, ORDERS, OrderKind
from outreach.workspace import Workspace
from tests.ledger.seeds import add_people, make_edition

NAME = "news@one"


@pytest.fixture(autouse=True)
def _edition(ws: Workspace) -> None:
    add_people(ws.engine, ws.keys, 3)
    make_edition(ws.engine)


def ordered(ws: Workspace, kind: str, **fields: str) -> str:
    form = {"edition": "", "campaign": "", "reason": "Typing error in the second line", **fields}
    return steer(ws, Order(kind=kind, **form), by="amy", via="test").message


def halted(ws: Workspace) -> bool:
    return waiting.orders(ws.engine, NAME).halted


@pytest.mark.parametrize(
    ("halt", "lift", "fields"),
    [
        ("pause", "resume", {"edition": NAME}),
        ("hold", "release", {"campaign": "news"}),
        ("stop", "start", {}),
    ],
)
def test_each_halt_holds_until_it_is_lifted(
    ws: Workspace, halt: str, lift: str, fields: dict[str, str]
) -> None:
    before = waiting.fingerprint(waiting.orders(ws.engine, NAME))
    ordered(ws, halt, **fields)
    assert halted(ws)
    assert waiting.fingerprint(waiting.orders(ws.engine, NAME)) != before
    ordered(ws, lift, **fields)
    assert not halted(ws)


def test_an_order_is_kept_with_the_name_of_who_gave_it(ws: Workspace) -> None:
    ordered(ws, "stop")
    stopped = control.stopped(ws)
    assert stopped
    assert stopped.by == "amy"


def test_a_cancel_gives_the_account_to_the_person(ws: Workspace) -> None:
    order = Order("cancel", f" {NAME} ", "", "Wrong audience")
    (account,) = steer(ws, order, by="amy", via="test").accounts
    assert (account.cancelled, account.planned, account.balanced) == (3, 0, True)
    assert not waiting.orders(ws.engine, NAME).open
    with pytest.raises(Refused, match="nothing left to steer"):
        ordered(ws, "resume", edition=NAME)


def test_a_wrong_name_is_refused_with_the_nearest(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="did you mean “news@one”"):
        ordered(ws, "pause", edition="new@one")
    with pytest.raises(NotFound, match="did you mean “news”"):
        ordered(ws, "hold", campaign="newss")
    with pytest.raises(InputError, match="choose from: news@one"):
        ordered(ws, "pause")
    with pytest.raises(InputError, match="choose the campaign"):
        ordered(ws, "hold")
    with pytest.raises(InputError, match="choose an order"):
        ordered(ws, "")
    assert not halted(ws)


@pytest.mark.parametrize("kind", sorted(NEEDS_A_REASON))
def test_a_halt_needs_a_reason(ws: Workspace, kind: str) -> None:
    with pytest.raises(InputError, match="needs a reason"):
        ordered(ws, kind, edition=NAME, campaign="news", reason=" ")
    assert not halted(ws)


def test_every_order_can_be_chosen_in_words() -> None:
    assert set(ORDERS) == set(OrderKind)
