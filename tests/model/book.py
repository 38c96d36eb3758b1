"""The model: what was ordered and who was taken, and how the ledger is judged by it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, TRANSITIONS, DeliveryState
from outreach.keys import Keys
from outreach.ledger.certificate import Certificate
from outreach.ledger.editions import campaign, delivery, edition
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

S = DeliveryState
OBJECTS = ("spamreport", "unsubscribe", "bounce")
Occasion = tuple[str, bytes, str]
"""(campaign, address hash, occasion): what nobody ever gets twice."""


@dataclass(frozen=True)
class Message:
    """One message that the provider took."""

    address: str
    delivery_id: str
    unsubscribe_url: str
    edition: str


@dataclass(frozen=True)
class Row:
    """One delivery as the ledger has it."""

    edition: str
    edition_state: str
    state: DeliveryState
    occasion_key: Occasion


@dataclass
class Book:
    """`barred`: who must not be written to from now on. Only facts that are certain stand here.

    What the provider took, refused, and what people settled stays when a ledger is restored.
    """

    barred: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    lifted_at: dict[str, float] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    frozen: dict[str, int] = field(default_factory=dict)
    posted: list[tuple[str, str, int]] = field(default_factory=list)
    stopped: bool = False
    held: set[str] = field(default_factory=set)
    behind: bool = False
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    taken: dict[Occasion, Message] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    settled: set[Occasion] = field(default_factory=set)

    def copied(self) -> Book:
        return copy.deepcopy(self)

    def restored(self, before: Book) -> None:
        """Know of the ledger what it was; what happened outside it stays as it is."""
        kept = (self.taken, self.refused, self.settled)
        self.__dict__.update(before.__dict__)
        self.taken, self.refused, self.settled = kept
        self.behind = True

    # What happens

    def bar(self, address: str) -> None:
        self.barred.add(address)

    def lift(self, address: str, at: float) -> None:
        if address not in self.erased:
            self.barred.discard(address)
        self.lifted_at[address] = at

    def erase(self, address: str) -> None:
        self.erased.add(address)
        self.bar(address)

    def came_again(self, addresses: Iterable[str]) -> None:
        """A list that no longer says that somebody left may bring them back."""
        self.left -= set(addresses)

    def ordered(self, name: str, order: str) -> None:
        self.paused.discard(name)
        if order == "pause":
            self.paused.add(name)
        elif order in ("cancel", "reject"):
            self.closed.add(name)

    def event_came_in(self, address: str, word: str, at: int) -> None:
        if word in OBJECTS and at > self.lifted_at.get(address, 0.0):
            self.bar(address)

    def take(self, message: Message, key: Occasion) -> None:
        assert key not in self.taken, f"{message.address} is taken twice for {key[0]} {key[2]}"
        self.taken[key] = message

    # What is judged

    def judge_claim(self, name: str, addresses: Iterable[str]) -> None:
        """No claim takes anybody who objected before it, nor of an edition that was held."""
        barred = (self.barred | self.left) & set(addresses)
        assert not barred, f"{sorted(barred)} objected before this claim"
        assert name not in self.closed, f"{name} was ended before this claim"
        assert name not in self.paused, f"{name} was paused before this claim"
        assert name.partition("@")[0] not in self.held, f"the campaign of {name} was held"
        assert not self.stopped, "all sending was stopped before this claim"

    def judge_steps(self, found: dict[tuple[int, int], Row]) -> None:
        """Deliveries never vanish, and move only along the transition table."""
        missing = self.rows.keys() - found.keys()
        assert not missing, f"deliveries have vanished: {sorted(missing)}"
        for key, before in self.rows.items():
            now = found[key].state
            lawful = now is before.state or now in _reachable(before.state)
            assert lawful, f"{found[key].edition} {key} went from {before.state} to {now}"

    def judge_taken(self) -> None:
        """Whoever was taken is accepted or later, in doubt, or claimed; and nobody else is."""
        known = {row.occasion_key: row for row in self.rows.values()}
        for key, row in known.items():
            if row.state in ACCEPTED_OR_LATER:
                assert key in self.taken, f"{row.edition}: {key} is {row.state}, never taken"
        if self.behind:
            return
        proven = ACCEPTED_OR_LATER | {S.UNKNOWN, S.CLAIMED}
        for key, message in self.taken.items():
            assert key in known, f"{message.address} was taken for {key}, and no delivery says so"
            state = known[key].state
            if not (key in self.settled and state is S.FAILED):
                assert state in proven, f"{message.address} was taken for {key} and is {state}"

    def judge_account(self, account: Certificate) -> None:
        """Every certificate balances and adds up to what was frozen."""
        assert account.balanced, f"{account.edition} does not balance: {account}"
        total = account.accepted + account.failed + account.suppressed + account.cancelled
        total += account.unknown + account.planned + account.claimed
        assert total == account.intended
        if not self.behind and account.edition in self.frozen:
            assert account.intended == self.frozen[account.edition], account.edition

    def judge_doubts(self, name: str, listed: set[str], keys: Keys) -> None:
        """Every doubt is listed, and nothing else is."""
        unknown = {
            keys.delivery_id(*key)
            for key, row in self.rows.items()
            if row.edition == name and row.state is S.UNKNOWN
        }
        assert listed == unknown, f"{name}: {len(unknown)} in doubt, {len(listed)} listed"

    def judge_end(self, accounts: dict[str, Certificate]) -> None:
        """With every sender at its end nobody waits, and each who was not taken has a reason."""
        for name, account in accounts.items():
            waiting = account.claimed + (account.planned if account.state != "prepared" else 0)
            assert not waiting, f"{name} is {account.state} and {waiting} people still wait"
            for state in ("failed", "suppressed", "cancelled", "unknown"):
                given = sum(account.reasons.get(state, {}).values())
                assert given == getattr(account, state), f"{name}: {state} without a reason"


def delivery_rows(connection: sa.Connection) -> dict[tuple[int, int], Row]:
    """Read every delivery with its effective state."""
    rows = connection.execute(
        sa.select(
            delivery.c.edition_id,
            delivery.c.contact_id,
            delivery.c.address_hash,
            delivery.c.occasion,
            edition.c.name,
            edition.c.state.label("edition_state"),
            campaign.c.slug,
            EFFECTIVE.label("state"),
        ).select_from(
            WITH_BATCH.join(edition, edition.c.id == delivery.c.edition_id).join(
                campaign, campaign.c.id == edition.c.campaign_id
            )
        )
    )
    return {
        (r.edition_id, r.contact_id): Row(
            r.name,
            r.edition_state,
            DeliveryState(r.state),
            (r.slug, bytes(r.address_hash), r.occasion),
        )
        for r in rows
    }


def _reachable(state: DeliveryState) -> frozenset[DeliveryState]:
    """Where several lawful steps at once may lead, as when several events are drained together."""
    found: set[DeliveryState] = set()
    todo = [state]
    while todo:
        for after in TRANSITIONS[todo.pop()] - found:
            found.add(after)
            todo.append(after)
    return frozenset(found)
