"""Programs of the local stack: whatever they start is stopped with them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from outreach.errors import ConfigError
from outreach.local import processes
from outreach.local.environment import Ports, local_environment, passwords, without_settings
from outreach.settings import ROOT

CHILD = "import time, sys; print('up', flush=True); time.sleep(600)"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {CHILD!r}]).wait()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {CHILD}"


def started(tmp_path: Path, program: str) -> processes.Program:
    found = processes.start("x", [sys.executable, "-c", program], os.environ, tmp_path)
    deadline = time.monotonic() + 20
    while "up" not in found.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def living(session: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


@pytest.mark.parametrize("program", [CHILD, PARENT, STUBBORN], ids=["child", "parent", "stubborn"])
def test_stopping_ends_a_program_and_its_offspring(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PATIENCE", 1.0)
    found = started(tmp_path, program)
    assert living(found.process.pid)
    processes.stop([found])
    assert not living(found.process.pid)
    assert not found.running


def test_offspring_whose_parent_has_died_is_found(tmp_path: Path) -> None:
    found = started(tmp_path, PARENT)
    os.kill(found.process.pid, signal.SIGKILL)
    found.process.wait()
    assert living(found.process.pid)
    processes.stop([found])
    assert not living(found.process.pid)


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with processes.reserved_port(port) as found:
            assert found > port


def test_a_port_that_another_stack_holds_is_passed_over() -> None:
    with processes.reserved_port(18_080) as one, processes.reserved_port(18_080) as other:
        assert one != other


def test_passwords_are_made_once_and_are_private(tmp_path: Path) -> None:
    first = passwords(tmp_path)
    assert passwords(tmp_path) == first
    assert len(set(first.values())) == len(first) == 4
    assert (tmp_path / "airflow-passwords.json").stat().st_mode & 0o077 == 0


def test_a_demo_takes_over_no_setting_that_could_reach_anybody() -> None:
    outer: Mapping[str, str] = {
        "PATH": "/bin",
        "OUTREACH_SENDGRID_API_KEY": "SG.real",
        "OUTREACH_DATABASE_URL": "postgresql://real",
        "AIRFLOW_CONN_SENDGRID_DEFAULT": "sendgrid://:SG.real@",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://real",
    }
    assert without_settings(outer) == {"PATH": "/bin"}


def test_a_local_airflow_listens_on_this_machine_only(tmp_path: Path) -> None:
    environ = local_environment(tmp_path, Ports(8080, 8090), base={})
    assert environ["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert int(environ["AIRFLOW__CORE__PARALLELISM"]) <= 8
    assert Path(environ["AIRFLOW_HOME"]).is_relative_to(tmp_path)
    assert "SIMPLE_AUTH_MANAGER_ALL_ADMINS" not in str(environ)


def test_only_one_stack_runs_in_a_home(tmp_path: Path) -> None:
    import fcntl

    from outreach.local.stack import running_stack

    with (tmp_path / "stack.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="already runs"), running_stack(tmp_path):
            pass


def test_make_alone_prints_every_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "demo", "run", "test", "check", "bench", "requirements", "clean"):
        assert f"\n{target} " in f"\n{shown}"
