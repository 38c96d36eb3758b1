"""A deployment in which anything happens, beside a small model of what must be true of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import currently_in_test_context, note

from outreach.clock import LONDON
from outreach.errors import OutreachError
from outreach.flows import control, editions, events, imports, objections, recovery, sending
from outreach.ledger.certificate import Certificate
from outreach.ledger.claims import ClaimedBatch
from outreach.providers.base import Handover
from outreach.providers.registry import PROVIDERS
from outreach.workspace import Workspace
from tests.model import clock as clocks
from tests.model import senders as points
from tests.model.book import Book, Message
from tests.model.campaigns import CAMPAIGN, CAMPAIGNS
from tests.model.copying import emptied, read_deliveries, read_everything, write_everything
from tests.model.senders import Answer, Run, Wire

BY = {"by": "lee", "via": "test"}
TAKEN_AS = {"basis": "public_task", "evidence": "test"}


def say(line: str) -> None:
    """Keep a line for whoever reads of a failure."""
    note(line) if currently_in_test_context() else print(line)  # noqa: T201


@dataclass
class World:
    """The deployment `ws`, its senders, and the model: `book` and what the provider took."""

    ws: Workspace
    folder: Path
    clock: clocks.Clock
    book: Book = field(default_factory=Book)
    runs: list[Run] = field(default_factory=list)
    posts: int = 0
    _judged: dict[str, object] = field(default_factory=dict)
    copy: tuple[dict[str, list[dict[str, Any]]], Book] | None = None

    # What happens

    def tell(self, words: str) -> None:
        """Keep one line of the story, which is printed where it ends badly."""
        say(f"{self.clock.now:%H:%M:%S} {words}")
        self.clock.advance(1)

    @contextmanager
    def attempt(self, words: str) -> Iterator[None]:
        """Try what a rule may forbid: a refusal is fine, and changes nothing."""
        self.tell(words)
        try:
            yield
        except OutreachError as refused:
            say(f"         refused: {str(refused)[:100]}")

    def bring_in(self, kind: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Import one file."""
        self.posts += 1
        path = self.folder / f"{kind}{self.posts}.csv"
        path.write_text("\n".join(",".join(row) for row in [heads, *rows]), encoding="utf-8")
        imports.import_file(self.ws, path, kind, constants=TAKEN_AS, source=f"s{self.posts}", **BY)
        path.unlink()

    def leave(self, address: str) -> None:
        today = f"{self.clock.now.astimezone(LONDON):%Y-%m-%d}"
        self.bring_in("contacts", ("email", "left on"), [(address, today)])
        self.book.left.add(address)

    def start_sender(self, edition: str, *, here: bool) -> Run:
        run = Run(self.ws, len(self.runs) + 1, edition, here=here)
        self.runs.append(run)
        self.tell(f"{run} starts on {edition}{'' if here else ', on another host'}")
        return run

    def step(self, run: Run, answer: Answer = Answer.ACCEPTS) -> None:
        """Let one sender go on to its next point."""
        handing = run.at == points.HANDING_OVER
        run.step(answer)
        words = f"{run} comes to {run.at}" if not run.ended else f"{run} {run.ended}"
        self.tell(words + (f" (the provider {answer})" if handing else ""))
        self.observe()

    def post_event(self, message: Message, word: str, ago: int, *, print_: str = "") -> None:
        """Keep one post of the provider's, as its webhook does."""
        self.posts += 1
        at = int(self.clock.now.timestamp()) - ago
        body = {
            "event": word,
            "timestamp": at,
            "email": message.address,
            "outreach_delivery": message.delivery_id,
            "sg_event_id": print_ or f"event{self.posts}",
        }
        events.store_raw(self.ws, "sendgrid", json.dumps([body]).encode())
        self.book.posted.append((message.address, word, at))

    def drain(self) -> None:
        events.drain(self.ws)
        for address, word, at in self.book.posted:
            self.book.event_came_in(address, word, at)
        self.book.posted.clear()

    def unsubscribe(self, message: Message) -> None:
        token = message.unsubscribe_url.rpartition("/")[2]
        objections.unsubscribe(self.ws, token)
        self.book.bar(message.address)

    def settle_a_doubt(self, edition: str, delivery_id: str) -> None:
        editions.settle_doubt(self.ws, edition, delivery_id, reason="asked the provider", **BY)
        key = self.ws.keys.open_delivery_id(delivery_id)
        self.book.settled.add(self.book.rows[key].occasion_key)

    def back_up(self) -> None:
        self.copy = (read_everything(self.ws.engine), self.book.copied())

    def restore(self) -> None:
        """Put the copy back; senders go on as they were, which nobody should let them."""
        assert self.copy is not None
        rows, book = self.copy
        write_everything(self.ws.engine, rows)
        self.book.restored(book.copied())

    def recover(self) -> None:
        done = recovery.recover(self.ws, **BY)
        self.book.behind = False
        self.look()
        for name in done.editions:
            self.book.frozen[name] = editions.certificate(self.ws, name).intended

    # What the outside sees

    def claimed(self, sender: str, taken: ClaimedBatch) -> None:
        """Hear of a claim at the moment it was made, and judge it."""
        run = points.current_run(self.runs)
        assert run is not None
        run.name, run.claimed = sender, taken
        addresses = [person.address for person in taken.people]
        say(f"         {run} claimed batch {taken.number} of {run.edition}: {addresses}")
        self.book.judge_claim(run.edition, addresses)

    def took(self, handover: Handover) -> None:
        """Note whom the provider took; nobody is ever taken twice for one occasion."""
        run = points.current_run(self.runs)
        assert run is not None
        assert run.claimed is not None
        occasions = {p.address: (p.address_hash, p.occasion) for p in run.claimed.people}
        for one in handover.recipients:
            address_hash, occasion = occasions[one.address]
            key = (handover.campaign, bytes(address_hash), occasion)
            self.book.take(
                Message(one.address, one.delivery_id, one.unsubscribe_url, run.edition), key
            )

    def refused(self, handover: Handover) -> None:
        """Note that the provider refused this one person."""
        (one,) = handover.recipients
        self.book.refused.add(one.delivery_id)

    def alive(self, name: str) -> bool | None:
        """Whether the sender of that name lives, as seen from this host."""
        return next((run.alive() for run in self.runs if run.name == name), None)

    # What must be true

    def look(self) -> None:
        """Take the ledger's deliveries as they are, without judging how they came there."""
        self.book.rows = read_deliveries(self.ws)

    def observe(self) -> None:
        """Judge each delivery's step since the last look."""
        found = read_deliveries(self.ws)
        self.book.judge_steps(found)
        self.book.rows = found

    def check(self) -> None:
        """Judge everything that must be true at any moment."""
        self.observe()
        self.book.judge_taken()
        for name in self.editions():
            seen = self._seen(name)
            if self._judged.get(name) != seen:
                self.book.judge_account(self.account(name))
                listed = {one.delivery_id for one in editions.doubts(self.ws, name)}
                self.book.judge_doubts(name, listed, self.ws.keys)
                self._judged[name] = seen

    def _seen(self, name: str) -> object:
        rows = [(key, row) for key, row in self.book.rows.items() if row.edition == name]
        return rows, self.book.frozen.get(name), self.book.behind

    def editions(self) -> list[str]:
        return sorted({row.edition for row in self.book.rows.values()})

    def in_state(self, *states: str) -> list[str]:
        """The editions in one of these states, in order."""
        found = {row.edition for row in self.book.rows.values() if row.edition_state in states}
        return sorted(found)

    def account(self, name: str) -> Certificate:
        return editions.certificate(self.ws, name)

    # The end

    def finish(self) -> None:
        """Mend everything, let every sender run to its end, and see that nobody is lost."""
        self.drain()
        if self.book.behind:
            self.recover()
        self._lift_orders()
        self._run_all()
        for name in self.in_state("approved", "sending"):
            self._send_all(name)
        for name in editions.open_editions(self.ws):
            editions.settle(self.ws, name)
        self.drain()
        self.look()
        self.check()
        self.book.judge_end({name: self.account(name) for name in self.editions()})

    def _lift_orders(self) -> None:
        if control.stopped(self.ws):
            control.start_all(self.ws, **BY)
        for slug in CAMPAIGNS:
            if control.held(self.ws, slug):
                control.release_campaign(self.ws, slug, **BY)
        self.book.stopped = False
        self.book.held.clear()

    def _send_all(self, name: str) -> None:
        for _ in range(20):
            with self.attempt(f"lee lets {name} go on"):
                editions.resume(self.ws, name, **BY)
                self.book.ordered(name, "resume")
            self.start_sender(name, here=True)
            self._run_all()
            self.clock.advance(4000)
            editions.settle(self.ws, name)
            if not self.account(name).planned:
                return

    def _run_all(self) -> None:
        for run in self.runs:
            for _ in range(500):
                if run.ended:
                    break
                self.step(run)
            assert run.ended, f"{run} never comes to an end; it is at {run.at}"


def new_world(ws: Workspace, folder: Path, patch: pytest.MonkeyPatch) -> World:
    """A world on an emptied ledger, its clock, points and provider in place until `patch` ends."""
    emptied(ws)
    files = folder / "campaigns"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    for slug, (trigger, occasion, segment) in CAMPAIGNS.items():
        filled = CAMPAIGN.format(trigger=trigger, occasion=occasion, segment=segment)
        (files / f"{slug}.md").write_text(filled)
    settings = replace(ws.settings, campaigns=(files,), provider="wire")
    world = World(replace(ws, settings=settings), folder, clocks.Clock())
    patch.setitem(PROVIDERS, "wire", lambda _settings: Wire(world.took, world.refused))
    clocks.install(world.clock, lambda seconds: _asleep(world, seconds), patch)
    points.install_points(patch, world.claimed)
    for module in clocks.outreach_modules():
        if (
            module is not sending
            and "alive" in vars(module)
            and module.__name__ != "outreach.senders"
        ):
            patch.setattr(module, "alive", world.alive)
    patch.setattr(sending, "alive", world.alive)
    return world


def _asleep(world: World, seconds: float) -> None:
    points.point("a pause")
    world.clock.advance(seconds)
