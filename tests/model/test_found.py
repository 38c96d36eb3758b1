"""Sequences in which the promise once broke, each kept as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.flows import editions, people
from outreach.workspace import Workspace
from tests.model.senders import HANDING_OVER, Answer, Run
from tests.model.world import BY, World, new_world

NEWS = "news@one"


@pytest.fixture
def world(ws: Workspace, tmp_path: Path) -> Iterator[World]:
    """Four people, and an approved edition for them in two batches."""
    with pytest.MonkeyPatch.context() as patch:
        made = new_world(ws, tmp_path, patch)
        four = [(f"person{n}@example.org", "Ann") for n in range(4)]
        made.bring_in("contacts", ("email", "first name"), four)
        editions.prepare(made.ws, "news", "one", by="amy", via="test")
        editions.approve(made.ws, NEWS, by="lee", via="airflow")
        made.look()
        yield made
        for run in made.runs:
            if not run.ended:
                run.kill()


def go(world: World, run: Run, to: str, answer: Answer = Answer.ACCEPTS) -> None:
    while run.at != to and not run.ended:
        world.step(run, answer)


def test_an_edition_cancelled_in_flight_is_still_settled_when_its_sender_dies(
    world: World,
) -> None:
    run = world.start_sender(NEWS, here=True)
    go(world, run, HANDING_OVER)
    editions.cancel(world.ws, NEWS, **BY)
    run.kill()
    assert editions.open_editions(world.ws) == [NEWS]
    for name in editions.open_editions(world.ws):
        editions.settle(world.ws, name)
    assert editions.open_editions(world.ws) == []
    assert len(editions.doubts(world.ws, NEWS)) == 2
    world.check()


def test_a_sender_that_stood_still_while_the_ledger_was_restored_hands_nothing_over(
    world: World,
) -> None:
    world.back_up()
    before, after = (world.start_sender(NEWS, here=True) for _ in range(2))
    go(world, before, "after the claim")
    world.restore()
    world.recover()
    go(world, after, HANDING_OVER)
    go(world, before, HANDING_OVER)
    assert before.ended or before.claimed != after.claimed
    world.finish()
    assert len(world.book.taken) == 4


def test_a_ledger_restored_a_second_time_is_behind_a_second_time(world: World) -> None:
    first = world.start_sender(NEWS, here=True)
    world.back_up()
    world.book.bar("person1@example.org")
    people.suppress(world.ws, "person1@example.org", **BY)
    go(world, first, HANDING_OVER)
    first.kill()
    world.restore()
    world.recover()
    world.back_up()
    second = world.start_sender(NEWS, here=True)
    go(world, second, "before the claim")
    go(world, second, HANDING_OVER)
    world.step(second)
    second.kill()
    world.restore()
    third = world.start_sender(NEWS, here=True)
    go(world, third, HANDING_OVER)
    assert "outreach recover" in third.ended
    world.recover()
    world.finish()
