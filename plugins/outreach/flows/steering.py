"""One order by a comms officer, as a form gives it: to an edition, a campaign, or all sending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outreach.campaigns import load_library
from outreach.errors import InputError, NotFound
from outreach.flows import control, editions
from outreach.ledger import edition_store
from outreach.ledger.certificate import Certificate
from outreach.ledger.engine import reading
from outreach.steeringwords import NEEDS_A_REASON, ORDERS, OrderKind
from outreach.wording import suggest
from outreach.workspace import Workspace

TO_AN_EDITION: dict[OrderKind, Callable[..., Certificate]] = {
    OrderKind.PAUSE: editions.pause,
    OrderKind.RESUME: editions.resume,
    OrderKind.CANCEL: editions.cancel,
    OrderKind.LET_THROUGH: editions.let_audience_pass,
}
TO_A_CAMPAIGN: dict[OrderKind, Callable[..., object]] = {
    OrderKind.HOLD: control.hold_campaign,
    OrderKind.RELEASE: control.release_campaign,
}
TO_EVERYTHING: dict[OrderKind, Callable[..., object]] = {
    OrderKind.STOP: control.stop_all,
    OrderKind.START: control.start_all,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a person filled in; `edition` and `campaign` are '' where the order needs none."""

    kind: str
    edition: str
    campaign: str
    reason: str


@dataclass(frozen=True, slots=True)
class Steered:
    """What was done, in words, and the account of each edition it touches."""

    message: str
    accounts: tuple[Certificate, ...]


def steer(ws: Workspace, order: Order, *, by: str, via: str) -> Steered:
    """Carry an order out. Senders follow it within seconds.

    Raises InputError where the form is not complete, NotFound with a suggestion for a name that
    does not exist, Refused where there is nothing to steer.
    """
    kind = _kind(order)
    said = {"by": by, "via": via, "reason": order.reason.strip()}
    done = ORDERS[kind]
    if kind in TO_AN_EDITION:
        name = _edition(ws, order.edition)
        account = TO_AN_EDITION[kind](ws, name, **said)
        return Steered(f"{done}: {name}", (account,))
    if kind in TO_A_CAMPAIGN:
        slug = _campaign(ws, order.campaign)
        TO_A_CAMPAIGN[kind](ws, slug, **said)
        touched = [n for n in editions.open_editions(ws) if n.partition("@")[0] == slug]
        return Steered(f"{done}: {slug}", _accounts(ws, touched))
    TO_EVERYTHING[kind](ws, **said)
    return Steered(done, _accounts(ws, editions.open_editions(ws)))


def _kind(order: Order) -> OrderKind:
    if order.kind not in set(OrderKind):
        raise InputError("choose an order under “What to do”")
    kind = OrderKind(order.kind)
    if kind in NEEDS_A_REASON and not order.reason.strip():
        raise InputError(f"“{ORDERS[kind]}” needs a reason: it is kept, and colleagues read it")
    return kind


def _edition(ws: Workspace, name: str) -> str:
    named = name.strip()
    with reading(ws.engine) as connection:
        known = edition_store.edition_names(connection)
    if named in known:
        return named
    still_open = editions.open_editions(ws)
    if not named:
        raise InputError(f"name the edition{suggest('', still_open)}")
    raise NotFound(f"there is no edition “{named}”{_hint(named, still_open, known)}")


def _hint(named: str, still_open: list[str], known: list[str]) -> str:
    """Suggest what is open before what is over."""
    near = suggest(named, still_open)
    return near if "did you mean" in near else suggest(named, known[-20:]) or near


def _campaign(ws: Workspace, slug: str) -> str:
    named = slug.strip()
    if not named:
        raise InputError("choose the campaign")
    known = set(load_library(ws.settings.campaigns, ws.hub).campaigns)
    with reading(ws.engine) as connection:
        known |= {name.partition("@")[0] for name in edition_store.edition_names(connection)}
    if named not in known:
        raise NotFound(f"there is no campaign “{named}”{suggest(named, sorted(known))}")
    return named


def _accounts(ws: Workspace, names: list[str]) -> tuple[Certificate, ...]:
    return tuple(editions.certificate(ws, name) for name in names)
