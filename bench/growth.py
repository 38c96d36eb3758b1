"""Hand over a large edition and one a tenth as large: time must grow with it, and memory not.

Each is sent by a process of its own, which was told only where the ledger is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.deployment import approved_edition, databases, deployment, planned_ids, populate
from bench.measure import Comparison, Options, Result, Sample, memory_now, memory_peak
from bench.sink import Sink, running_sink
from outreach.flows.editions import send, settle
from outreach.workspace import Workspace

PEOPLE = 100_000
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Sent:
    """One edition sent: how many people, in how many seconds, and bytes held at most."""

    people: int
    seconds: float
    grew: int


def run(options: Options) -> Result:
    """Compare the rate and the memory of a large hand-over with those of a small one."""
    large = Sample("the large edition", options.people or PEOPLE)
    small = Sample("a tenth of it", (options.people or PEOPLE) // 10)
    memory = {large.what: 0, small.what: 0}
    with databases(options) as new, running_sink() as sink:
        for number in range(options.rounds):
            for sample in (small, large):
                name = f"growth-{sample.size}-{number}"
                with deployment(options.folder / name, new(name), sink.address) as ws:
                    populate(ws, sample.size)
                    sent = _sent(ws, sink, approved_edition(ws, "growth"))
                sample.values.append(sent.people / sent.seconds)
                memory[sample.what] = max(memory[sample.what], sent.grew)
    more = (memory[large.what] - memory[small.what]) / 1e6
    return Result(
        (Comparison(f"growth-{options.database}", "emails/s", large, small),),
        (
            f"sending grew the process by {memory[large.what] / 1e6:,.0f} MB for the large one, "
            f"{more:+,.0f} MB against the small one",
        ),
    )


def _sent(ws: Workspace, sink: Sink, edition: str) -> Sent:
    expected = planned_ids(ws, edition)
    settings = ws.settings
    environment = {
        **os.environ,
        "PYTHONPATH": f"{_ROOT / 'plugins'}",
        "OUTREACH_HOME": str(settings.home),
        "OUTREACH_DATABASE_URL": settings.database_url,
        "OUTREACH_ALLOWED_RECIPIENTS": ",".join(settings.allowed_recipients),
        "OUTREACH_PROVIDER": settings.provider,
        "OUTREACH_SENDGRID_API_KEY": settings.sendgrid_api_key,
        "OUTREACH_SENDGRID_BASE_URL": sink.address,
    }
    told = subprocess.run(
        [sys.executable, "-m", "bench.growth", edition],
        cwd=_ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    sink.take().must_be(expected, "Outreach")
    if not settle(ws, edition).balanced:
        raise RuntimeError("the edition did not end balanced")
    return Sent(people=len(expected), **json.loads(told))


def _send_here(edition: str) -> None:
    from outreach.settings import load_settings
    from outreach.workspace import open_workspace

    ws = open_workspace(load_settings())
    held, began = memory_now(), time.perf_counter()
    send(ws, edition)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "grew": memory_peak() - held}))


if __name__ == "__main__":
    _send_here(sys.argv[1])
