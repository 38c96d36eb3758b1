"""The demo on real Airflow: it balances, leaks nothing, leaves nothing running, runs again."""

from __future__ import annotations

import csv
import email
import email.policy
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from outreach.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.airflow]


def run_demo(home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "outreach.local.demo"],
        env={**os.environ, "OUTREACH_HOME": str(home), "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("demo")
    return home, run_demo(home)


def recipients(home: Path) -> Counter[tuple[str, str]]:
    """How many emails each address got of each edition."""
    found: Counter[tuple[str, str]] = Counter()
    for file in (home / "outbox").rglob("*.eml"):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found[file.parent.name, str(message["To"])] += 1
    return found


def test_both_certificates_balance_and_figures_are_marked_as_made_up(
    demo: tuple[Path, str],
) -> None:
    _, said = demo
    assert said.count("balances to the person") == 2
    assert said.count("SIMULATED") == 2
    assert "lee answers: Approve" in said


def test_nobody_gets_an_edition_twice_even_when_it_runs_again(demo: tuple[Path, str]) -> None:
    home, _ = demo
    before = recipients(home)
    assert before
    assert set(before.values()) == {1}
    said = run_demo(home)
    assert "no one gets it twice" in said
    assert recipients(home) == before


def test_airflow_never_sees_an_address_or_a_name(demo: tuple[Path, str]) -> None:
    home, said = demo
    canaries = people()
    assert len(canaries) > 20
    shown = said + (home / "logs" / "scheduler.log").read_text()
    for log in (home / "airflow" / "logs").rglob("*.log"):
        shown += log.read_text(errors="replace")
    with sqlite3.connect(home / "airflow" / "airflow.db") as database:
        shown += "\n".join(database.iterdump())
    found = {canary for canary in canaries if re.search(re.escape(canary), shown)}
    assert not found


def people() -> set[str]:
    """The addresses and full names of the sample people."""
    found: set[str] = set()
    for file in (ROOT / "contacts" / "samples").glob("contacts-*.csv"):
        for row in csv.reader(file.open(encoding="utf-8-sig")):
            found |= {cell for cell in row if re.fullmatch(r"\S+@\S+\.\S+", cell)}
    return found


def test_nothing_is_left_running(demo: tuple[Path, str]) -> None:
    home, _ = demo
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("OUTREACH_HOME") == str(home):
                left.append(process.cmdline())
        except psutil.Error:
            continue
    assert not left
