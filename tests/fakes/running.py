"""The fake SendGrid as a process of its own, and its fixture."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.sendgrid_server import API_KEY


@dataclass(frozen=True)
class FakeSendGrid:
    """A running fake: where it is, and what it took."""

    address: str
    log: Path
    api_key: str = API_KEY

    def fail(self, *faults: dict[str, Any]) -> None:
        """Have the next requests fail, one fault each (or `times`)."""
        httpx.post(f"{self.address}/_control/faults", json=faults, verify=False).raise_for_status()

    def take_time(self, pace: dict[str, float]) -> None:
        """Let each reply come so many seconds after its batch is taken, by category."""
        httpx.post(f"{self.address}/_control/pace", json=pace, verify=False).raise_for_status()

    def list_suppressed(self, **lists: list[dict[str, Any]]) -> None:
        """Set the suppression lists."""
        httpx.post(
            f"{self.address}/_control/suppressions", json=lists, verify=False
        ).raise_for_status()

    def count(self, **metrics: int) -> None:
        """Have the statistics say this instead of what was taken."""
        httpx.post(f"{self.address}/_control/stats", json=metrics, verify=False).raise_for_status()

    def accepted(self) -> list[dict[str, Any]]:
        """Every accepted message as composed, in order."""
        return [json.loads(line) for line in self.log.read_text().split("\n") if line]

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the accepted requests, in order."""
        return httpx.get(f"{self.address}/_control/requests", verify=False).json()

    def busy(self) -> int:
        """How many requests are neither taken nor refused yet."""
        return httpx.get(f"{self.address}/_control/busy", verify=False).json()

    def queries(self) -> list[str]:
        """The paths asked for by GET, in order."""
        return httpx.get(f"{self.address}/_control/queries", verify=False).json()


@contextmanager
def running(log: Path) -> Iterator[FakeSendGrid]:
    """A fake in a process of its own, logging what it takes to `log`."""
    log.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.sendgrid_server", "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout
    try:
        yield FakeSendGrid(process.stdout.readline().strip(), log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def sendgrid_server(tmp_path: Path) -> Iterator[FakeSendGrid]:
    with running(tmp_path / "accepted.jsonl") as server:
        yield server
