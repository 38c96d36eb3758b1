"""Every fault once on each database: the short form of `make faults`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from outreach.ledger import objections
from tests.fakes.running import FakeSendGrid
from tests.faults.__main__ import main
from tests.faults.broken import BROKEN
from tests.faults.databases import Databases
from tests.faults.judging import judge
from tests.faults.points import POINTS, table
from tests.faults.scenarios import SCENARIOS
from tests.faults.senders import ROOT, Host
from tests.faults.table import Line
from tests.faults.trial import trying

KINDS = ("sqlite", "postgresql")


@pytest.mark.parametrize("databases", KINDS, indirect=True)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_promise_holds(
    name: str, databases: Databases, taking: FakeSendGrid, host: Host, tmp_path: Path
) -> None:
    with trying(databases, taking, host, tmp_path / "trial", f"{name} 1") as trial:
        SCENARIOS[name].play(trial)
        verdict = judge(trial)
    assert verdict.good, verdict


BREAKS = {
    "resends doubts": ("reset after processing", "duplicates"),
    "forgets people": ("429", "lost"),
    "fails doubts": ("reset after processing", "unlisted_doubts"),
    "lists no crossing": ("unsubscribes while in flight, after the claim", "unlisted_crossed"),
    "ignores objections": ("unsubscribes between prepare and claim", "against_their_will"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_sender_that_breaks_the_promise_is_caught(
    how: str,
    sqlite: Databases,
    taking: FakeSendGrid,
    host: Host,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, wrong = BREAKS[how]
    if how == "lists no crossing":  # the other one who lists them is whoever takes an objection
        monkeypatch.setattr(objections, "cross", lambda *_: 0)
    with trying(sqlite, taking, host, tmp_path / "trial", 1) as trial:
        trial.broken = (how,)
        with suppress(AssertionError):
            SCENARIOS[name].play(trial)
        verdict = judge(trial)
    assert getattr(verdict, wrong) > 0, verdict
    line = Line("sqlite", name, verdict, 0)
    assert not line.good


def test_every_fault_point_is_played_or_tested_elsewhere() -> None:
    assert [point.number for point in POINTS] == list(range(1, 36))
    for point in POINTS:
        assert point.scenarios or point.elsewhere, point
    known = {point.number for point in POINTS}
    assert all(known >= {*one.points} and one.points for one in SCENARIOS.values())


@pytest.mark.parametrize("test", [test for point in POINTS for test in point.elsewhere])
def test_a_test_that_stands_for_a_fault_point_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()


def test_the_documented_table_of_fault_points_is_this_one() -> None:
    assert table() in (ROOT / "docs" / "faults.md").read_text()


def test_the_long_run_prints_its_table_and_says_whether_all_was_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--database", "sqlite", "--seeds", "1", "--only", "202 without id"]) == 0
    printed = capsys.readouterr().out.split("\n")
    assert [line.split()[0] for line in printed if line.endswith("yes")] == ["202", "all"]
