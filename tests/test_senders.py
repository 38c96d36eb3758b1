"""Whether the process that made a claim still lives, told from its name alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from outreach.senders import alive, sender_name

_SAY_NAME = """
import sys
from outreach.senders import sender_name
print(sender_name(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process, and its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SAY_NAME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "plugins"},
    )
    assert process.stdout
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_a_process_that_runs_or_was_stopped_for_a_while_lives(
    other: tuple[subprocess.Popen[str], str],
) -> None:
    process, name = other
    assert alive(name)
    process.send_signal(signal.SIGSTOP)
    assert alive(name)
    process.send_signal(signal.SIGCONT)
    assert alive(name)


def test_a_killed_process_does_not_live_even_before_its_parent_has_noticed(
    other: tuple[subprocess.Popen[str], str],
) -> None:
    process, name = other
    process.kill()
    psutil.Process(process.pid).status()  # a zombie still has its number
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert alive(name) is False
    process.wait()
    assert alive(name) is False


def test_another_process_with_the_same_number_is_not_taken_for_it() -> None:
    host, pid, started, rest = sender_name().split("|")
    assert alive(f"{host}|{pid}|{started}|{rest}")
    assert alive(f"{host}|{pid}|1{started}|{rest}") is False


def test_a_clock_that_is_set_makes_nobody_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    name = sender_name()
    read = psutil._pslinux.boot_time
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: read() + 1)
    monkeypatch.setattr(psutil._pslinux, "BOOT_TIME", None, raising=False)
    assert alive(name)


@pytest.mark.parametrize("name", ["", "elsewhere|1|2|3"])
def test_of_another_host_nothing_is_known(name: str) -> None:
    assert alive(name) is None


def test_a_name_that_is_none_of_ours_lives_nowhere() -> None:
    host = sender_name().partition("|")[0]
    assert alive(f"{host}|x|y") is False
