"""A real Airflow that sends to the SendGrid-shaped server, and the promise to hold it to."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from outreach.flows import editions
from outreach.flows.doubts import doubts
from outreach.ledger.edition_store import edition_names
from outreach.ledger.editions import batch, edition
from outreach.ledger.engine import reading
from outreach.local.environment import without_settings
from outreach.local.stack import Stack, running_stack
from outreach.settings import ROOT, load_settings
from outreach.workspace import Workspace, open_workspace
from tests.airflow.api import Airflow
from tests.fakes.running import FakeSendGrid, running
from tests.ledger.seeds import add_contact

T = TypeVar("T")

BOROUGHS = ("Barnet", "Camden", "Enfield", "Haringey", "Islington")
SECTORS = ("General Practice", "Dentistry")
AREAS = ("North Central London", "North East London")
ROLES = ("Nurse", "Receptionist")
PEOPLE, BATCHES = 80, 40
"""More batches than two senders have in flight at once, so that some are left to be held."""
PATIENCE = 420.0
LOOK, GLANCE = 0.7, 2.0
"""Seconds between two looks, and between two at whether a run has ended: many ask one server."""
REPLY = 1.5
"""Seconds that the provider takes over a batch: time to do something to its sender."""
HOLD = 45.0
"""Seconds that a provider may keep a reply back before its sender gives up waiting for it."""

FILE = """---
title: {title}
owner: casey
purpose: public_task
basis_reason: Made-up people, to put the promise to the test.
subject: Issue {{{{ edition.occurrence }}}} of {title}
preview: Made up.
approval: {approval}
{more}---
Dear {{{{ contact.first_name or 'colleague' }}}},

{boroughs}

{{% if contact.sector == 'Dentistry' %}}
For dental teams.
{{% else %}}
For practices.
{{% endif %}}

{{% if contact.ics_area == 'North East London' %}}
For your area.
{{% endif %}}

{{% if contact.job_role == 'Nurse' %}}
For nurses.
{{% endif %}}

{text}
"""


def campaign_file(
    slug: str, *, text: str = "The first text.", approval: str = "standing", more: str = ""
) -> str:
    """Return a campaign that goes to everyone, in `BATCHES` small batches."""
    boroughs = "".join(
        f"{{% {'elif' if n else 'if'} contact.borough == '{name}' %}}\nNews of {name}.\n"
        for n, name in enumerate(BOROUGHS)
    )
    return FILE.format(
        title=slug,
        approval=approval,
        boroughs=f"{boroughs}{{% endif %}}",
        text=text,
        more=more,
    )


@dataclass(frozen=True)
class Run:
    """One DAG run of a campaign, and the edition it stands for."""

    slug: str
    occurrence: str
    id: str

    @property
    def dag(self) -> str:
        """The DAG's id."""
        return f"campaign_{self.slug.replace('-', '_')}"

    @property
    def edition(self) -> str:
        """The edition's name."""
        return f"{self.slug}@{self.occurrence}"


@dataclass
class Deployment:
    """The stack, its ledger, and the server that counts who was written to."""

    stack: Stack
    ws: Workspace
    server: FakeSendGrid
    campaigns: Path
    _pace: dict[str, float] = field(default_factory=lambda: {"": REPLY})

    @cached_property
    def amy(self) -> Airflow:
        """Airflow as the officer who triggers and clears."""
        return self.airflow("amy")

    @cached_property
    def lee(self) -> Airflow:
        """Airflow as the approver."""
        return self.airflow("lee")

    def airflow(self, user: str) -> Airflow:
        """Airflow's API as one of its users."""
        return Airflow(self.stack.airflow_url, user, self.stack.passwords[user])

    # ---- doing

    def file(self, slug: str) -> Path:
        """Where a campaign stands."""
        return self.campaigns / f"{slug}.md"

    def trigger(self, slug: str, occurrence: str = "one") -> Run:
        """Start a run as amy does with the form."""
        run = Run(slug, occurrence, "")
        started = self.amy.trigger(run.dag, {"occurrence": occurrence})
        return Run(slug, occurrence, started)

    def order(self, **form: str) -> str:
        """Give an order with the form of the DAG `control`; return how its run ended."""
        run = self.amy.trigger("control", form)
        ends = ("success", "failed")
        return self.until(
            lambda: (s := self.amy.run_state("control", run)) in ends and s, f"{form} to be done"
        )

    def until(self, found: Callable[[], T], what: str, every: float = LOOK) -> T:
        """Wait for something, and return it; `every` so many seconds it is looked for."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := found()):
            assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
            time.sleep(every)
        return answer

    def sending(self, name: str, batches: int = 2) -> None:
        """Wait until the provider has taken some batches of an edition, and not all."""
        self.until(lambda: len(self.taken(name)) >= 3 * batches, f"{name} to be sent")

    def ended(self, run: Run) -> str:
        """Wait for a run's end and return its state."""
        ends = ("success", "failed")
        return self.until(
            lambda: (s := self.amy.run_state(run.dag, run.id)) in ends and s,
            f"{run} to end",
            GLANCE,
        )

    def sent(self, name: str) -> None:
        """Wait until nobody of an edition is left."""

        def done() -> bool:
            account = editions.settle(self.ws, name)
            return not account.planned and not account.claimed

        self.until(done, f"{name} to have nobody left")

    def server_pace(self, slug: str, seconds: float) -> None:
        """Let the provider take longer over one campaign's batches."""
        self._pace[slug] = seconds
        self.server.take_time(self._pace)

    @contextmanager
    def held(self, slug: str) -> Iterator[None]:
        """Keep replies back: who sends is found sending, however slow the machine is."""
        self.server_pace(slug, HOLD)
        yield
        self.server_pace(slug, REPLY)

    # ---- looking

    def taken(self, name: str) -> list[str]:
        """The addresses that the provider took a message of an edition for, with repeats."""
        slug, _, occurrence = name.partition("@")
        subject = f"Issue {occurrence} of {slug}"
        return [one["to"][0] for one in self.server.accepted() if one["subject"] == subject]

    def states(self, run: Run, task: str) -> set[str]:
        """The states of a task's instances."""
        found = self.amy.instances(run.dag, run.id)
        return {str(one["state"]) for one in found if one["task_id"] == task}

    def names(self, slug: str) -> list[str]:
        """Every edition of a campaign, besides the one for its standing approval."""
        with reading(self.ws.engine) as connection:
            names = edition_names(connection)
        return [n for n in names if n.startswith(f"{slug}@") and not n.endswith("@seed")]

    def in_flight(self, name: str) -> set[int]:
        """The processes that hold a batch of an edition at this moment."""
        found = sa.select(batch.c.sender).join(edition, edition.c.id == batch.c.edition_id)
        with self.ws.engine.connect() as connection:
            rows = connection.execute(
                found.where(edition.c.name == name, batch.c.state == "claimed")
            )
            return {int(row.sender.split("|")[1]) for row in rows}

    def promise(self, name: str, *, doubted: int | None = None) -> editions.Certificate:
        """No one twice, no one lost, every doubt listed, the certificate balanced."""
        account = editions.settle(self.ws, name)
        took = Counter(self.taken(name))
        assert not [times for times in took.values() if times > 1], "somebody got it twice"
        listed = doubts(self.ws, name)
        assert account.balanced
        assert account.intended == PEOPLE
        assert account.unknown == len(listed)
        gone = account.accepted + account.unknown
        assert account.accepted <= len(took) <= gone, "the account knows who has it"
        assert gone + account.failed + account.suppressed + account.cancelled == PEOPLE
        if doubted is not None:
            assert account.unknown == doubted
        return account


@contextmanager
def deployed(home: Path, slugs: dict[str, str], postgres: str) -> Iterator[Deployment]:
    """Run Airflow on these campaigns (slug -> file), standing approvals given beforehand.

    Its own database is `postgres`, as in production: on SQLite, so many scenarios at once end
    in "database is locked". The ledger is SQLite.
    """
    campaigns = home / "campaigns"
    campaigns.mkdir(parents=True)
    for slug, text in slugs.items():
        (campaigns / f"{slug}.md").write_text(text)
    with running(home / "accepted.jsonl") as server:
        base = without_settings(os.environ) | {
            "OUTREACH_PROVIDER": "sendgrid",
            "OUTREACH_SENDGRID_API_KEY": server.api_key,
            "OUTREACH_SENDGRID_BASE_URL": server.address,
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_FROM": "NCL Training Hub <hub@example.org>",
            "OUTREACH_CAMPAIGNS": str(campaigns),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres,
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": _bundle(home / "dags"),
            # A supervisor that died is missed after this, not after five minutes.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
            "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "2",
        }
        with running_stack(home / "outreach", base=base) as stack:
            ws = open_workspace(load_settings(stack.environ))
            _people(ws)
            for slug in slugs:
                _approve_standing(ws, slug)
            server.take_time({"": REPLY})
            yield Deployment(stack, ws, server, campaigns)
            ws.engine.dispose()


def _bundle(folder: Path) -> str:
    """Return a DAG bundle of what the scenarios use: to parse a file takes time every time."""
    folder.mkdir()
    for name in ("campaigns.py", "control.py"):
        (folder / name).symlink_to(ROOT / "dags" / name)
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    named = {"name": "dags-folder", "classpath": local, "kwargs": {"path": str(folder)}}
    return json.dumps([named])


def _people(ws: Workspace) -> None:
    with ws.engine.begin() as connection:
        for number in range(PEOPLE):
            add_contact(
                connection,
                ws.keys,
                f"person{number}@example.org",
                borough=BOROUGHS[number % 5],
                sector=SECTORS[number // 5 % 2],
                ics_area=AREAS[number // 10 % 2],
                job_role=ROLES[number // 20 % 2],
            )


def _approve_standing(ws: Workspace, slug: str) -> None:
    """Let lee approve the content once, on an edition that is not sent."""
    seed = editions.prepare(ws, slug, "seed", by="amy", via="test")
    assert seed.variants == BATCHES
    editions.approve(ws, seed.edition, by="lee", via="cli")
    editions.cancel(ws, seed.edition, by="amy", via="test")
