"""A deployment that sends to the SendGrid-shaped server, and sender processes on it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fakes.running import FakeSendGrid
from tests.ledger.seeds import EVERYONE, add_people, make_edition

from outreach.ledger.certificate import Certificate, certificate
from outreach.providers.base import Content, Pieces
from outreach.rendering import frozen
from outreach.workspace import Workspace

ROOT = Path(__file__).parents[2]
EDITION = "news@one"
PEOPLE, BATCH = 17, 4

SEND = """import sys
from outreach.flows import editions
from outreach.workspace import open_workspace
editions.send(open_workspace(), sys.argv[1])
"""

CONTENT = frozen.to_json(
    Content(
        subject=Pieces(("News for ", ""), (2,)),
        text=Pieces(("Dear ", ", stop: ", ""), (2, 0)),
        html=Pieces(("<p>Dear ", ', <a href="', '">stop</a></p>'), (2, 0)),
    )
)


@dataclass(frozen=True)
class Deployment:
    """A ledger with one approved edition for `PEOPLE` people, and where it sends to."""

    ws: Workspace
    server: FakeSendGrid

    def environment(self) -> dict[str, str]:
        """What a sender process is started with."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("OUTREACH_")}
        return {
            **kept,
            "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}",
            "OUTREACH_HOME": str(self.ws.settings.home),
            "OUTREACH_DATABASE_URL": self.ws.settings.database_url,
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_SENDGRID_API_KEY": self.server.api_key,
            "OUTREACH_SENDGRID_BASE_URL": self.server.address,
        }

    def from_here(self) -> Workspace:
        """The same deployment, which sends to the server from this process."""
        there = {"sendgrid_api_key": self.server.api_key, "sendgrid_base_url": self.server.address}
        return replace(self.ws, settings=replace(self.ws.settings, **there))

    def sender(self) -> subprocess.Popen[str]:
        """Start a sender of the edition, in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", SEND, EDITION],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self) -> None:
        """Send to the end, in a process of its own."""
        done = self.sender()
        _, errors = done.communicate(timeout=60)
        assert done.returncode == 0, errors

    def recipients(self) -> list[str]:
        """The delivery id of every message the server took, with repeats."""
        return [one["delivery"] for one in self.server.accepted()]

    def certificate(self) -> Certificate:
        """The edition's account."""
        with self.ws.engine.connect() as connection:
            return certificate(connection, EDITION)


def deploy(ws: Workspace, server: FakeSendGrid) -> Deployment:
    """Make an approved edition in batches of `BATCH`, one of them short."""
    add_people(ws.engine, ws.keys, PEOPLE)
    rule = replace(EVERYONE)
    made = make_edition(
        ws.engine, rule=rule, batch_size=BATCH, provider="sendgrid", content=CONTENT
    )
    assert made is not None
    return Deployment(ws, server)
