"""People who object, are erased or are imported again while an edition is sent."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from outreach.flows import people
from outreach.flows.imports import import_file
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import Trial


@scenario("unsubscribes between prepare and claim", 27)
def before_the_claim(trial: Trial) -> None:
    gone = trial.rng.sample(range(trial.people), trial.rng.randint(1, 4))
    for n in gone:
        trial.objects(n, in_flight=False)
    trial.finish()
    assert trial.account().suppressed == len(gone)


def in_flight(step: str, trial: Trial) -> None:
    held = trial.start({"step": step, "nth": trial.some_batch(), "do": "stop"})
    assert held.until_stopped(), held.words()
    now = trial.claimed()
    for n in trial.rng.sample(now, trial.rng.randint(1, len(now))):
        trial.objects(n, in_flight=True)
    held.go_on()
    assert held.wait() == 0, held.words()
    trial.finish()
    assert trial.account().crossed == len(trial.crossing)


for _step in ("after the claim", "before handing over", "after handing over", "before recording"):
    add(f"unsubscribes while in flight, {_step}", (28,), partial(in_flight, _step), alone=True)


@scenario("unsubscribes at any moment", 27, 28)
def at_any_moment(trial: Trial) -> None:
    """Beside running senders: honoured, or listed as crossed, whichever came first."""
    sending = [trial.start(), trial.start()]
    for n in trial.rng.sample(range(trial.people), trial.people // 2):
        trial.objects(n, in_flight=True)
    for one in sending:
        one.wait()
    trial.finish()
    # Whoever objected after their message was recorded did not cross it.
    after = {one for one in trial.crossing if _sent_before(trial, one)}
    trial.crossing -= after


def _sent_before(trial: Trial, delivery_id: str) -> bool:
    """Whether a delivery was recorded as sent before its person objected, by the ledger's times."""
    import sqlalchemy as sa

    edition_id, contact_id = trial.ws.keys.open_delivery_id(delivery_id)
    with trial.ws.engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT batch.recorded_at AS recorded, suppression.created_at AS objected "
                "FROM delivery JOIN batch ON batch.id = batch_id "
                "JOIN suppression ON suppression.address_hash = delivery.address_hash "
                "WHERE delivery.edition_id = :e AND contact_id = :c AND batch.state = 'accepted'"
            ),
            {"e": edition_id, "c": contact_id},
        ).first()
    return row is not None and str(row.recorded) <= str(row.objected)


@scenario("complains while in flight", 28, 16)
def complains_in_flight(trial: Trial) -> None:
    """Of an earlier edition, say: the complaint's suppression crosses this message."""
    held = trial.start({"step": "before recording", "nth": trial.some_batch(), "do": "stop"})
    assert held.until_stopped(), held.words()
    n = trial.rng.choice(trial.claimed())
    about = trial.word("spamreport", n)
    del about["outreach_delivery"]
    trial.post({**about, "email": trial.address(n)})
    trial.crossing.add(trial.ids[n])
    held.go_on()
    assert held.wait() == 0, held.words()
    trial.finish()


@scenario("erased before the claim", 27)
def erased_before(trial: Trial) -> None:
    n = trial.rng.randrange(trial.people)
    people.erase_person(trial.ws, trial.address(n), by="amy", via="test")
    trial.objected.add(trial.ids[n])
    trial.finish()
    assert trial.account().accepted == trial.people - 1


@scenario("erased while in flight", 28, alone=True)
def erased_in_flight(trial: Trial) -> None:
    held = trial.start({"step": "before handing over", "nth": trial.some_batch(), "do": "stop"})
    assert held.until_stopped(), held.words()
    n = trial.rng.choice(trial.claimed())
    people.erase_person(trial.ws, trial.address(n), by="amy", via="test")
    trial.crossing.add(trial.ids[n])
    held.go_on()
    assert held.wait() == 0, held.words()
    trial.finish()


@scenario("imported again with other case and doubles", 29)
def imported_again(trial: Trial) -> None:
    held = trial.start({"step": "after recording", "nth": trial.some_batch(), "do": "stop"})
    assert held.until_stopped(), held.words()
    rows = [f"PERSON{n}@Example.org" for n in range(trial.people) for _ in range(2)]
    file: Path = trial.folder / "again.csv"
    file.write_text("\n".join(["email", *rows]))
    constants = {"basis": "public_task", "evidence": "test"}
    done = import_file(trial.ws, file, "contacts", constants=constants, by="amy", via="test")
    assert done.created == 0
    held.go_on()
    assert held.wait() == 0, held.words()
    trial.finish()
    assert trial.account().accepted == trial.people
