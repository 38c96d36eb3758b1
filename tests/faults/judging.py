"""What must hold after any fault: no one twice, no one lost, every doubt and crossing listed.

The server's log says who was written to, and the harness's own list who was to be: what the
ledger says is judged by these two.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.flows import editions
from outreach.ledger.editions import delivery
from outreach.ledger.states import EFFECTIVE, WITH_BATCH
from tests.faults.trial import EDITION, Trial

ENDED = {
    DeliveryState.FAILED,
    DeliveryState.SUPPRESSED,
    DeliveryState.CANCELLED,
    DeliveryState.UNKNOWN,
}


@dataclass(frozen=True)
class Verdict:
    """Counts of one or more trials; all but the first five must be 0.

    `doubts` are in doubt by the ledger, `listed` of them on the list, and `sent_in_doubt` of
    them were taken by the server. `crossed` people objected in flight and were written to.
    """

    runs: int = 0
    taken: int = 0
    doubts: int = 0
    sent_in_doubt: int = 0
    crossed: int = 0
    duplicates: int = 0
    lost: int = 0
    unlisted_doubts: int = 0
    unlisted_crossed: int = 0
    against_their_will: int = 0
    unbalanced: int = 0

    @property
    def good(self) -> bool:
        """Whether the promise held."""
        return not any(getattr(self, name) for name in WRONGS)


WRONGS = tuple(one.name for one in fields(Verdict))[5:]


def total(verdicts: Iterable[Verdict]) -> Verdict:
    """Add verdicts up."""
    return Verdict(*(sum(column) for column in zip(*map(_row, verdicts), strict=True)))


def _row(verdict: Verdict) -> list[int]:
    return [getattr(verdict, one.name) for one in fields(Verdict)]


def judge(trial: Trial) -> Verdict:
    """Settle the edition and hold the ledger against the server's log."""
    _let_the_server_finish(trial)
    account = editions.settle(trial.ws, EDITION)
    took = Counter(one["delivery"] for one in trial.taken())
    twice = Counter(address.lower() for one in trial.taken() for address in one["to"])
    states = _states(trial)
    listed = {one.delivery_id for one in editions.doubts(trial.ws, EDITION)}
    doubts = {one for one, state in states.items() if state == DeliveryState.UNKNOWN}
    crossed = trial.crossing & took.keys()
    return Verdict(
        runs=1,
        taken=took.total(),
        doubts=len(doubts),
        sent_in_doubt=len(doubts & took.keys()),
        crossed=len(crossed),
        duplicates=max(took.total() - len(took), twice.total() - len(twice)),
        lost=sum(_lost(trial, one, states.get(one), took) for one in trial.ids),
        unlisted_doubts=len(doubts ^ listed) + _denied(trial, states, took),
        unlisted_crossed=len(crossed - _marked(trial)),
        against_their_will=len(trial.objected & took.keys()),
        unbalanced=int(not account.balanced or _sum(account) != len(trial.ids)),
    )


def _let_the_server_finish(trial: Trial) -> None:
    """A request whose sender died may still be on its way in."""
    end = time.monotonic() + 10
    while trial.server.busy() and time.monotonic() < end:
        time.sleep(0.01)


def _lost(trial: Trial, one: str, state: str | None, took: Counter[str]) -> bool:
    """Whether a person was intended and is now neither written to nor accounted for."""
    if state in ACCEPTED_OR_LATER:
        return not took[one]
    if state == DeliveryState.PLANNED:
        return trial.state() not in ("approved", "sending")
    return state not in ENDED


def _denied(trial: Trial, states: dict[str, str], took: Counter[str]) -> int:
    """How many the server took of whom the ledger says that they were not written to."""
    said = {one for one, state in states.items() if state in ACCEPTED_OR_LATER}
    doubts = {one for one, state in states.items() if state == DeliveryState.UNKNOWN}
    return len(took.keys() - said - doubts - trial.settled)


def _states(trial: Trial) -> dict[str, str]:
    with trial.ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(delivery.c.edition_id, delivery.c.contact_id, EFFECTIVE).select_from(
                WITH_BATCH
            )
        ).all()
    return {trial.ws.keys.delivery_id(one[0], one[1]): one[2] for one in rows}


def _marked(trial: Trial) -> set[str]:
    with trial.ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(delivery.c.edition_id, delivery.c.contact_id).where(
                delivery.c.crossed_at.is_not(None)
            )
        ).all()
    return {trial.ws.keys.delivery_id(*one) for one in rows}


def _sum(account: editions.Certificate) -> int:
    ended = account.accepted + account.failed + account.suppressed + account.cancelled
    return ended + account.unknown + account.planned + account.claimed
