"""Everything that may happen to a deployment, in any order, as hypothesis likes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outreach.flows import control, editions, people, resending
from outreach.workspace import Workspace
from tests.model.campaigns import CAMPAIGNS
from tests.model.senders import Answer, Run, break_by_resending_doubts
from tests.model.world import BY, World, new_world

T = TypeVar("T")

PEOPLE = [f"person{n}@example.org" for n in range(5)]
EVENTS = ["processed", "deferred", "delivered", "bounce", "dropped", "spamreport", "unsubscribe"]

ABOUT_A_PERSON = (
    "pledges again",
    "leaves",
    "is suppressed",
    "is no longer suppressed",
    "is erased",
)

ORDERS = ("stop all", "start all", "hold news", "release news")

addresses = st.sampled_from(PEOPLE)
picks = st.integers(0, 11)
"""Which one of those there are, by number, round and round."""


def picked(items: list[T], pick: int) -> T:
    return items[pick % len(items)]


class Machine(RuleBasedStateMachine):
    """One example: a deployment from its first import to every sender's end."""

    workspace: Workspace
    folder: Path
    broken = False

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.world: World = new_world(self.workspace, self.folder, self.patch)
        if self.broken:
            break_by_resending_doubts(self.patch)

    @initialize()
    def five_people_two_of_whom_pledged(self) -> None:
        world = self.world
        world.tell("five people come in, and two of them pledge")
        world.bring_in("contacts", ("email", "first name"), [(one, "Ann") for one in PEOPLE])
        self._pledge(PEOPLE[0], 1)
        self._pledge(PEOPLE[1], 2)
        for slug in CAMPAIGNS:
            self._prepare(slug, "one")
            self._approve(f"{slug}@one")
            self.world.start_sender(f"{slug}@one", here=slug == "news")

    # People

    @rule(
        chosen=st.lists(addresses, min_size=1, max_size=3, unique=True),
        name=st.sampled_from(["Ann", "Bob"]),
        shout=st.booleans(),
    )
    def import_again(self, chosen: list[str], name: str, shout: bool) -> None:
        self.world.tell(f"{chosen} come in again{', in capitals' if shout else ''}, as {name}")
        rows = [(one.upper() if shout else one, name) for one in chosen]
        self.world.bring_in("contacts", ("email", "first name"), rows)
        self.world.book.came_again(chosen)

    def _pledge(self, address: str, days: int) -> None:
        self.world.tell(f"{address} pledged {days} days ago")
        self.world.bring_in("pledges", ("email", "pledged at"), [(address, f"2026-11-{22 - days}")])

    @rule(address=addresses, what=st.sampled_from(ABOUT_A_PERSON))
    def about_a_person(self, address: str, what: str) -> None:
        world = self.world
        with world.attempt(f"{address}: {what}"):
            if what == "pledges again":
                self._pledge(address, 0)
            elif what == "leaves":
                world.leave(address)
            elif what == "is suppressed":
                people.suppress(world.ws, address, **BY)
                world.book.bar(address)
            elif what == "is no longer suppressed":
                for one in people.standing(world.ws, address):
                    if one.number:  # a leaver's mark is none of them
                        people.unsuppress(
                            world.ws, address, reason="they asked", which=one.number, **BY
                        )
                world.book.lift(address, world.clock.now.timestamp())
            else:
                people.erase_person(world.ws, address, **BY)
                world.book.erase(address)

    # Editions

    @rule(slug=st.sampled_from(sorted(CAMPAIGNS)), occurrence=st.sampled_from(["one", "two"]))
    def prepare(self, slug: str, occurrence: str) -> None:
        self._prepare(slug, occurrence)

    def _prepare(self, slug: str, occurrence: str) -> None:
        world = self.world
        with world.attempt(f"amy prepares {slug}@{occurrence}"):
            done = editions.prepare(world.ws, slug, occurrence, by="amy", via="test")
            if done.created:
                world.book.frozen[done.edition] = done.intended

    def _open(self) -> list[str]:
        return self.world.in_state("prepared", "approved", "sending")

    def _waiting(self) -> list[str]:
        return self.world.in_state("prepared")

    @precondition(_waiting)
    @rule(pick=picks)
    def approve(self, pick: int) -> None:
        self._approve(picked(self._waiting(), pick))

    def _approve(self, name: str) -> None:
        with self.world.attempt(f"lee approves {name}"):
            editions.approve(self.world.ws, name, by="lee", via="airflow")

    @precondition(_open)
    @rule(pick=picks, order=st.sampled_from(["pause", "resume", "cancel", "reject"]))
    def order(self, pick: int, order: str) -> None:
        name, world = picked(self._open(), pick), self.world
        with world.attempt(f"lee orders {order} of {name}"):
            how: Any = {**BY, "reason": "to see"}
            getattr(editions, order)(world.ws, name, **how)
            world.book.ordered(name, order)

    @rule(order=st.sampled_from(ORDERS))
    def order_beyond_one_edition(self, order: str) -> None:
        ws, book = self.world.ws, self.world.book
        with self.world.attempt(f"lee orders to {order}"):
            if order == "stop all":
                control.stop_all(ws, reason="to see", **BY)
                book.stopped = True
            elif order == "start all":
                control.start_all(ws, **BY)
                book.stopped = False
            elif order == "hold news":
                control.hold_campaign(ws, "news", reason="to see", **BY)
                book.held.add("news")
            else:
                control.release_campaign(ws, "news", **BY)
                book.held.discard("news")

    @precondition(lambda self: self.world.book.settled)
    @rule(pick=picks)
    def send_again(self, pick: int) -> None:
        world = self.world
        failed = [
            (row.edition, key)
            for key, row in sorted(world.book.rows.items())
            if row.occasion_key in world.book.settled
        ]
        if failed:
            name, key = picked(failed, pick)
            with world.attempt(f"lee orders {key} of {name} to be sent again"):
                again = resending.resend(
                    world.ws, name, [world.ws.keys.delivery_id(*key)], reason="they asked", **BY
                )
                world.tell(f"it is {again}")

    @rule(pick=picks)
    def settle(self, pick: int) -> None:
        name = picked(self.world.editions(), pick)
        self.world.tell(f"{name} is settled: the dead are put in doubt")
        editions.settle(self.world.ws, name)

    @precondition(lambda self: self._doubts())
    @rule(pick=picks)
    def settle_a_doubt(self, pick: int) -> None:
        name, delivery_id = picked(self._doubts(), pick)
        with self.world.attempt(f"lee settles {delivery_id} of {name} as not sent"):
            self.world.settle_a_doubt(name, delivery_id)

    def _doubts(self) -> list[tuple[str, str]]:
        world = self.world
        return [
            (row.edition, world.ws.keys.delivery_id(*key))
            for key, row in sorted(world.book.rows.items())
            if row.state == "unknown"
        ]

    # Senders

    def _sendable(self) -> list[str]:
        return self.world.in_state("approved", "sending")

    @precondition(_sendable)
    @rule(pick=picks, here=st.booleans())
    def start_sender(self, pick: int, here: bool) -> None:
        self.world.start_sender(picked(self._sendable(), pick), here=here)

    def _living(self) -> list[Run]:
        return [run for run in self.world.runs if not run.ended]

    @precondition(_living)
    @rule(pick=picks, steps=st.integers(1, 6), answer=st.sampled_from(Answer))
    def go_on(self, pick: int, steps: int, answer: Answer) -> None:
        self._go_on(picked(self._living(), pick), steps, [answer])

    @precondition(_living)
    @rule(pick=picks, answers=st.lists(st.sampled_from(Answer), min_size=1, max_size=4))
    def go_on_for_long(self, pick: int, answers: list[Answer]) -> None:
        self._go_on(picked(self._living(), pick), 5 * len(answers), answers)

    def _go_on(self, run: Run, steps: int, answers: list[Answer]) -> None:
        for step in range(steps):
            if not run.ended:
                self.world.step(run, answers[step // 5 % len(answers)])

    @precondition(_living)
    @rule(pick=picks)
    def kill(self, pick: int) -> None:
        run = picked(self._living(), pick)
        run.kill()
        self.world.tell(f"{run} is {run.ended}")

    @rule(seconds=st.sampled_from([10, 60, 400, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.world.tell(f"{seconds} seconds pass")
        self.world.clock.advance(seconds)

    # What comes back

    def _messages(self) -> list[Any]:
        return list(self.world.book.taken.values())

    @precondition(_messages)
    @rule(
        pick=picks,
        word=st.sampled_from(EVENTS),
        ago=st.sampled_from([0, 30]),
        copies=st.integers(1, 2),
    )
    def event(self, pick: int, word: str, ago: int, copies: int) -> None:
        message = picked(self._messages(), pick)
        self.world.tell(
            f"{message.address}, {message.edition}: {word}, {ago} s ago, {copies} times"
        )
        for _ in range(copies):
            self.world.post_event(message, word, ago)

    @precondition(lambda self: self.world.book.posted)
    @rule()
    def drain(self) -> None:
        self.world.tell("events are taken in")
        self.world.drain()

    @precondition(_messages)
    @rule(pick=picks)
    def unsubscribe(self, pick: int) -> None:
        message = picked(self._messages(), pick)
        with self.world.attempt(f"{message.address} clicks unsubscribe in {message.edition}"):
            self.world.unsubscribe(message)

    # The ledger

    @rule(what=st.sampled_from(["back up", "restore", "recover"]))
    def ledger(self, what: str) -> None:
        world = self.world
        if what == "back up" and not world.book.behind:
            world.tell("the ledger is backed up")
            world.back_up()
        elif what == "restore" and world.copy is not None:
            world.tell("the ledger is restored")
            world.restore()
        else:
            world.tell("lee runs recover")
            world.recover()

    # What holds

    @invariant()
    def the_promise_holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.world.finish()
        finally:
            for run in self._living():
                run.kill()
            self.patch.undo()
