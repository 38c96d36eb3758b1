"""Sender processes as the harness holds them: started, stopped, watched, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which a sender that does not come to where it should is a failure."""


class Host:
    """The process that forks senders; see `host`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **order: Any) -> Any:
        """Give one order and return its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def hosting() -> Iterator[Host]:
    """A host of senders, ended with all that it started."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OUTREACH_")}
    environment["PYTHONPATH"] = f"{ROOT / 'plugins'}:{ROOT}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.host"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    try:
        yield Host(process)
    finally:
        process.communicate()


@dataclass
class SenderProcess:
    """One sender. `status` is its exit status once it has ended."""

    host: Host
    pid: int
    errors: Path
    report_file: Path
    status: int | None = None
    stopped: bool = field(default=False)

    def look(self) -> None:
        """Notice what became of it."""
        if self.status is None:
            seen = self.host.ask(look=self.pid)
            if isinstance(seen, int):
                self.status = seen
            self.stopped = seen == "stopped" or (self.stopped and seen != "running")

    def until_stopped(self) -> bool:
        """Wait until it has stopped itself at a step; returns False where it ended instead."""
        self._until(lambda: self.stopped or self.status is not None)
        return self.status is None

    def wait(self) -> int:
        """Wait until it has ended; returns its exit status."""
        self._until(lambda: self.status is not None)
        assert self.status is not None
        return self.status

    def go_on(self) -> None:
        """Let a stopped sender run."""
        self.stopped = False
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def report(self) -> dict[str, Any]:
        """What it said when it ended well."""
        assert self.wait() == 0, self.words()
        return json.loads(self.report_file.read_text())

    def words(self) -> str:
        """What it wrote to its standard error."""
        return self.errors.read_text() if self.errors.exists() else ""

    def _until(self, true: Any) -> None:
        end = time.monotonic() + PATIENCE
        self.look()
        while not true():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"a sender stood still: {self.words()}")
            time.sleep(0.01)
            self.look()
