"""One run of one fault: a ledger, an edition, a server, and what is done to them."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi
import sqlalchemy as sa

from outreach.flows import editions, events
from outreach.flows.objections import unsubscribe_address
from outreach.ledger.editions import batch, edition, fact
from outreach.providers.sendgrid import SendGrid
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace
from tests.fakes.deployment import CONTENT
from tests.fakes.running import FakeSendGrid
from tests.faults.databases import KEYS, Databases
from tests.faults.senders import Host, SenderProcess
from tests.ledger.seeds import add_people, make_edition

EDITION = "news@one"
MANY = SendGrid.in_flight
ROUNDS = 12
"""So many senders, one after another, finish any edition; else it stands still for good."""


@dataclass
class Trial:
    """What a scenario works with. Person n has the address `person<n>@example.org`."""

    ws: Workspace
    databases: Databases
    server: FakeSendGrid
    host: Host
    folder: Path
    rng: random.Random
    people: int
    batch: int
    broken: tuple[str, ...] = ()
    ids: list[str] = field(default_factory=list)
    objected: set[str] = field(default_factory=set)
    """Delivery ids of people who objected before anything of theirs was claimed."""
    crossing: set[str] = field(default_factory=set)
    """Delivery ids of people who objected while their message was in flight."""
    settled: set[str] = field(default_factory=set)
    """Delivery ids that a person said were not sent."""
    in_flight: int = MANY
    """How many batches each sender may have in flight."""
    started: list[SenderProcess] = field(default_factory=list)
    _log_start: int = 0
    _log: Path | None = None
    _mail_server: str = ""

    @property
    def url(self) -> str:
        """The ledger's address."""
        return self.ws.settings.database_url

    @property
    def sqlite(self) -> bool:
        """Whether the ledger is a file."""
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        """The ledger's file, on SQLite."""
        return Path(str(sa.make_url(self.url).database))

    def address(self, n: int) -> str:
        """Person n's."""
        return f"person{n}@example.org"

    def some_batch(self) -> int:
        """At random, which of the batches a fault is to hit: 1 for the first."""
        return self.rng.randint(1, self.batches())

    def batches(self) -> int:
        """How many batches there are."""
        with self.ws.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(batch)
            return int(connection.execute(query).scalar_one())

    def start(self, *acts: dict[str, Any], env: Any = None, **more: Any) -> SenderProcess:
        """Start a sender in which `acts` happen; see `steps` and `host`."""
        number = len(self.started)
        files = self.folder / f"errors{number}", self.folder / f"report{number}"
        what = {
            "edition": EDITION,
            "environment": {**self.environment(), **(env or {})},
            "errors": str(files[0]),
            "report": str(files[1]),
            "acts": acts,
            "broken": self.broken,
            "in_flight": self.in_flight,
            **more,
        }
        self.started.append(SenderProcess(self.host, self.host.ask(start=what), *files))
        return self.started[-1]

    def environment(self) -> dict[str, str]:
        """What a sender process is started with."""
        return {
            **KEYS,
            "SSL_CERT_FILE": str(_one_certificate(self.folder)),
            "OUTREACH_HOME": str(self.ws.settings.home),
            "OUTREACH_DATABASE_URL": self.url,
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_SENDGRID_API_KEY": self.server.api_key,
            "OUTREACH_SENDGRID_BASE_URL": self.server.address,
            "OUTREACH_SMTP_URL": self._mail_server,
            "OUTREACH_SMTP_CONNECTIONS": "2",
        }

    def post_to(self, mail_server: str, log: Path) -> None:
        """Have the edition go by SMTP, to a server that notes in `log` what it takes."""
        self._mail_server, self._log, self._log_start = mail_server, log, 0
        with self.ws.engine.begin() as connection:
            connection.execute(sa.update(edition).values(provider="smtp"))

    def finish(self, senders: int = 0, **more: Any) -> None:
        """Send to the end as an operator would: start senders until nothing is planned.

        Waits that were asked for are over at once.
        """
        for _ in range(ROUNDS):
            running = [self.start(**more) for _ in range(senders or self.rng.choice((1, 1, 2)))]
            reports = [one.report() for one in running]
            if any(report["finished"] for report in reports):
                return
            self.time_passes()
        raise AssertionError(f"the edition stands still: {reports}")

    def time_passes(self) -> None:
        """As if every wait that was asked for had passed."""
        with self.ws.engine.begin() as connection:
            connection.execute(sa.update(batch).values(not_before=None))
            connection.execute(sa.delete(fact).where(fact.c.name.like("hold:%")))

    def first_let_pass(self, batches: int, fault: dict[str, Any]) -> None:
        """Have the server fail the request after so many good ones."""
        passing = [{"kind": "", "times": batches}] if batches else []
        self.server.fail(*passing, fault)

    def until_taken(self, at_least: int) -> None:
        """Wait until the server has so many messages."""
        end = time.monotonic() + 30
        while len(self.taken()) < at_least and time.monotonic() < end:
            time.sleep(0.01)

    def taken(self) -> list[dict[str, Any]]:
        """Every message that the server took in this trial, in order."""
        with (self._log or self.server.log).open("rb") as log:
            log.seek(self._log_start)
            return [json.loads(line) for line in log.read().split(b"\n") if line]

    def until(self, *, batches: int, state: str) -> None:
        """Wait until so many batches that were claimed once stand in a state at once."""
        found = sa.select(sa.func.count()).where(batch.c.state == state, batch.c.epoch > 0)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with self.ws.engine.connect() as connection:
                if connection.execute(found).scalar_one() >= batches:
                    return
            time.sleep(0.01)
        raise AssertionError(f"{batches} batches were never {state} at once")

    def claimed(self) -> list[int]:
        """The people (by number) whose batch is claimed now."""
        with self.ws.engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT delivery.contact_id FROM delivery JOIN batch ON batch.id = batch_id "
                    "WHERE batch.state = 'claimed' AND delivery.state IS NULL ORDER BY 1"
                )
            ).scalars()
            return [contact_id - 1 for contact_id in rows]

    def batches_in_doubt(self) -> list[int]:
        """How many people each batch in doubt holds."""
        with self.ws.engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT count(*) FROM delivery JOIN batch ON batch.id = batch_id "
                    "WHERE batch.state = 'unknown' AND delivery.state IS NULL GROUP BY batch.id"
                )
            ).scalars()
            return list(rows)

    def objects(self, n: int, *, in_flight: bool) -> None:
        """Person n types their address into the public form."""
        unsubscribe_address(self.ws, self.address(n))
        (self.crossing if in_flight else self.objected).add(self.ids[n])

    def post(self, *happened: dict[str, Any]) -> None:
        """SendGrid posts events; the drainer takes them in."""
        events.store_raw(self.ws, "sendgrid", json.dumps(happened).encode())
        events.drain(self.ws)

    def word(self, word: str, n: int, *, ago: float = 0, **more: Any) -> dict[str, Any]:
        """One of SendGrid's events about person n."""
        at = int(datetime.now(UTC).timestamp() - ago)
        return {
            "event": word,
            "timestamp": at,
            "outreach_delivery": self.ids[n],
            "sg_event_id": f"{word}-{n}-{at}",
            **more,
        }

    def state(self) -> str:
        """The edition's."""
        with self.ws.engine.connect() as connection:
            return connection.execute(sa.select(edition.c.state)).scalar_one()

    def account(self) -> editions.Certificate:
        """The certificate as it stands."""
        return editions.certificate(self.ws, EDITION)

    def reopen(self) -> None:
        """Open the ledger anew, after its files or tables were put back."""
        self.ws.engine.dispose()
        self.ws = open_workspace(self.ws.settings)


def _one_certificate(folder: Path) -> Path:
    """A list of one authority: reading the usual hundred takes longer than sending does."""
    file = folder / "authorities.pem"
    if not file.exists():
        end = "-----END CERTIFICATE-----\n"
        file.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    return file


@contextmanager
def trying(
    databases: Databases, server: FakeSendGrid, host: Host, folder: Path, seed: object
) -> Iterator[Trial]:
    """A trial with an approved edition, everything about it drawn from `seed`."""
    rng = random.Random(str(seed))
    people, size = rng.randint(7, 24), rng.randint(2, 6)
    folder.mkdir(parents=True)
    with databases.fresh() as url:
        settings = load_settings(
            {**KEYS, "OUTREACH_HOME": str(folder / "home"), "OUTREACH_DATABASE_URL": url}
        )
        ws = open_workspace(settings)
        add_people(ws.engine, ws.keys, people)
        made = make_edition(
            ws.engine,
            batch_size=size,
            provider="sendgrid",
            content=CONTENT,
            variants=rng.choice((1, 1, 2, 3)),
        )
        assert made is not None
        server.fail()
        server.take_time({})
        trial = Trial(ws, databases, server, host, folder, rng, people, size)
        trial.ids = ws.keys.delivery_ids(made, range(1, people + 1))
        trial._log_start = server.log.stat().st_size
        try:
            yield trial
        finally:
            for one in trial.started:
                one.kill()
            trial.ws.engine.dispose()
