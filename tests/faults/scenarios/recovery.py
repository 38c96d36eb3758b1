"""Backups put back, journals torn or lost: who was written to since is listed, never forgotten."""

from __future__ import annotations

import pytest

from outreach.errors import Refused
from outreach.flows import editions
from outreach.flows.recovery import recover
from tests.faults.scenarios.registry import scenario
from tests.faults.trial import EDITION, Trial


def send_some(trial: Trial) -> None:
    """Send up to some batch, as a sender that is killed between two batches does."""
    if trial.rng.random() < 0.7:
        nth = trial.some_batch()
        trial.start({"step": "after recording", "nth": nth, "do": "kill"}).wait()


def refused(trial: Trial) -> None:
    """A sender says that it will not send, what to do, and sends nothing."""
    before = len(trial.taken())
    one = trial.start()
    assert one.wait() == 3, one.words()
    assert "outreach recover" in one.words()
    assert len(trial.taken()) == before


def restore(trial: Trial, backup: str) -> None:
    trial.ws.engine.dispose()
    trial.databases.restore(trial.url, backup)
    trial.reopen()


def proven(trial: Trial) -> None:
    """SendGrid's events come for everything it took: each doubt about it is settled."""
    numbers = {one: n for n, one in enumerate(trial.ids)}
    trial.post(*(trial.word("delivered", numbers[one["delivery"]]) for one in trial.taken()))
    assert trial.account().became["delivered"] == len(trial.taken())


@scenario("a backup is put back", 33)
def put_back(trial: Trial) -> None:
    send_some(trial)
    with trial.databases.backup(trial.url) as backup:
        trial.first_let_pass(
            trial.some_batch() - 1,
            {"kind": trial.rng.choice(("", "reset after processing", "429", "413"))},
        )
        trial.finish()
        restore(trial, backup)
    if trial.account().planned:  # else the backup is of when everything had been sent
        refused(trial)
    recover(trial.ws, by="amy", via="test")
    trial.finish()
    if trial.rng.random() < 0.5:
        proven(trial)


@scenario("a backup is put back again and again", 33)
def put_back_often(trial: Trial) -> None:
    send_some(trial)
    with trial.databases.backup(trial.url) as backup:
        for _ in range(trial.rng.randint(2, 3)):
            send_some(trial)
            restore(trial, backup)
            recover(trial.ws, by="amy", via="test")
            assert recover(trial.ws, by="amy", via="test").doubted == 0
        trial.finish()
    proven(trial)


@scenario("two backups, the older one put back last", 33)
def two_backups(trial: Trial) -> None:
    with trial.databases.backup(trial.url) as older:
        send_some(trial)
        with trial.databases.backup(trial.url) as newer:
            send_some(trial)
            restore(trial, newer)
            recover(trial.ws, by="amy", via="test")
            send_some(trial)
        restore(trial, older)
    recover(trial.ws, by="amy", via="test")
    trial.finish()
    proven(trial)


@scenario("a claim like the last one before a recovery", 33, alone=True)
def claims_alike(trial: Trial) -> None:
    """Two histories may name different people by the same edition, batch and epoch."""
    left_out = trial.rng.randrange(trial.people)
    with trial.databases.backup(trial.url) as first:
        trial.objects(left_out, in_flight=False)
        nth = _batch_of(trial, left_out)
        trial.start({"step": "after recording", "nth": nth, "do": "kill"}).wait()
        restore(trial, first)
    # The objection was lost with the ledger, as an operator is told: the person is planned.
    trial.objected.clear()
    recover(trial.ws, by="amy", via="test")
    with trial.databases.backup(trial.url) as second:
        trial.start({"step": "after recording", "nth": nth, "do": "kill"}).wait()
        sent = len(trial.taken())
        restore(trial, second)
    if len(trial.taken()) == sent and trial.ids[left_out] in _taken(trial):
        refused(trial)
    recover(trial.ws, by="amy", via="test")
    trial.finish()


def _taken(trial: Trial) -> set[str]:
    return {one["delivery"] for one in trial.taken()}


def _batch_of(trial: Trial, n: int) -> int:
    import sqlalchemy as sa

    with trial.ws.engine.connect() as connection:
        return connection.execute(
            sa.text(
                "SELECT batch.number FROM batch JOIN delivery ON delivery.batch_id = batch.id "
                "WHERE delivery.contact_id = :contact"
            ),
            {"contact": n + 1},
        ).scalar_one()


@scenario("the journal's last line is torn", 33, 35, alone=True)
def torn(trial: Trial) -> None:
    """A line whose end is missing was never whole on disk, so its bytes never left."""
    send_some(trial)
    journal = trial.ws.settings.journal
    with journal.open("ab") as file:
        file.write(b'0badcafe {"l":"torn in the mid')
    trial.finish()
    assert trial.account().accepted == trial.people


@scenario("the journal is lost", 33, alone=True)
def journal_lost(trial: Trial) -> None:
    """The ledger alone still knows everything; a person is told, and sending goes on."""
    trial.start({"step": "after recording", "nth": 1, "do": "kill"}).wait()
    trial.ws.settings.journal.unlink()
    if trial.account().planned:
        refused(trial)
        recover(trial.ws, by="amy", via="test")
    trial.finish()
    assert trial.account().accepted == trial.people


@scenario("a backup is put back and the journal is lost", 33)
def both_lost(trial: Trial) -> None:
    """Nobody can say who was written to since: sending is refused, and a person decides."""
    trial.start({"step": "after recording", "nth": 1, "do": "kill"}).wait()
    with trial.databases.backup(trial.url) as backup:
        trial.finish()
        restore(trial, backup)
    trial.ws.settings.journal.unlink()
    if trial.account().planned:
        refused(trial)
    editions.cancel(trial.ws, EDITION, by="amy", via="test", reason="may have gone out")
    with pytest.raises(Refused):
        editions.send(trial.ws, EDITION)
    # The account says "cancelled" of people who were written to: only events can tell.
    numbers = {one: n for n, one in enumerate(trial.ids)}
    trial.post(*(trial.word("delivered", numbers[one["delivery"]]) for one in trial.taken()))
