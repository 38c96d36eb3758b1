"""Senders of one edition side by side, each a process of its own, as Airflow runs them.

They are started, and have opened the deployment, before anything is timed: Airflow's own time to
start a task is another matter (see `through_airflow`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.deployment import deployment
from outreach.flows.editions import send
from outreach.workspace import Workspace

SENDERS = 2
"""As many as dags/campaigns.py starts for an edition."""

_ROOT = Path(__file__).resolve().parents[1]


class Senders:
    """Processes that wait for the name of an edition to send."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def send(self, edition: str) -> None:
        """Send an edition in all of them at once. Raises RuntimeError where one could not."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(f"{edition}\n")
            process.stdin.flush()
        for process in self._processes:
            said = _line(process)
            if said != "sent":
                raise RuntimeError(f"a sender did not finish: {said}")


@contextmanager
def running_senders(ws: Workspace, sink: str) -> Iterator[Senders]:
    """Start the senders of a deployment that hands over to `sink`, and end them afterwards."""
    url = ws.engine.url.render_as_string(hide_password=False)
    asked = json.dumps([str(ws.settings.home), url, sink])
    paths = os.pathsep.join([str(_ROOT / "plugins"), os.environ.get("PYTHONPATH", "")])
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.two_senders", asked],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(SENDERS)
    ]
    try:
        for process in processes:
            if _line(process) != "ready":
                raise RuntimeError("a sender could not be started")
        yield Senders(processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def _work(home: str, url: str, sink: str) -> None:
    """Send each edition whose name comes in."""
    with deployment(Path(home), url, sink) as ws:
        print("ready", flush=True)
        for name in sys.stdin:
            report = send(ws, name.strip())
            print("sent" if report.finished else report.why, flush=True)


if __name__ == "__main__":
    _work(*json.loads(sys.argv[1]))
