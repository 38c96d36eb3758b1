"""Each benchmark runs, proves its own result, and prints its ratios; no time is asserted."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from bench.__main__ import USUAL, main
from bench.people import write_messy_csv
from bench.sink import Taken

RATIO = re.compile(r"^(\S+): [\d,.]+x", re.MULTILINE)

SIZES = {
    "handover": ["--people", "120", "--peer-people", "5"],
    "latency": ["--people", "60"],
    "growth": ["--people", "60"],
    "smtp": ["--people", "120", "--peer-people", "5"],
    "imports": ["--people", "200"],
    "events": ["--people", "600", "--peer-people", "10"],
    "rendering": ["--people", "60", "--peer-people", "3"],
    "mime": ["--people", "60", "--peer-people", "3"],
    "prepare": ["--people", "100", "--peer-people", "20"],
    "campaign_files": ["--people", "10"],
}

ROUNDS = {"rendering": "2"}

PRINTED = {
    "handover": {
        *("handover-sqlite-vs-one-by-one", "handover-sqlite-vs-batches"),
        *("handover-sqlite-vs-prebaked", "handover-sqlite-2-senders-vs-batches"),
    },
    "latency": {"latency-sqlite"},
    "growth": {"growth-sqlite"},
    "smtp": {"smtp-sqlite-vs-smtplib", "smtp-sqlite-vs-ready-made"},
    "imports": {
        *("imports-sqlite-upsert", "imports-sqlite-everything"),
        "imports-sqlite-memory",
    },
    "events": {"events-sqlite-take-in", "events-sqlite-whole", "events-sqlite-drain"},
    "rendering": {"rendering-vs-pipeline", "rendering-vs-emailmessage"},
    "mime": {"mime-vs-emailmessage", "mime-vs-reference"},
    "prepare": {"prepare-sqlite-vs-orm"},
    "campaign_files": {"campaigns-vs-parsers"},
}


def test_every_benchmark_is_tried_here() -> None:
    assert set(USUAL) == set(SIZES) == set(PRINTED)
    names = [name for printed in PRINTED.values() for name in printed]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    [
        name if name == "handover" else pytest.param(name, marks=pytest.mark.thorough)
        for name in USUAL
    ],
)
def test_a_benchmark_runs_and_prints_its_ratios(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main([name, *SIZES[name], "--rounds", ROUNDS.get(name, "1"), "--folder", str(tmp_path)])
        == 0
    )
    assert set(RATIO.findall(capsys.readouterr().out)) == PRINTED[name]
    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
def test_the_hand_over_runs_on_postgresql_too(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["handover", *SIZES["handover"], "--rounds", "1", "--database", "postgresql"]
    # Another run of pytest closes its temporary folder to the server's own user.
    with tempfile.TemporaryDirectory(prefix="outreach-pg-") as folder:
        assert main([*asked, "--folder", folder]) == 0
    printed = {name.replace("sqlite", "postgresql") for name in PRINTED["handover"]}
    assert set(RATIO.findall(capsys.readouterr().out)) == printed


def test_a_profile_names_the_functions_that_took_longest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", *SIZES["prepare"], "--profile", "--folder", str(tmp_path)]) == 0
    assert "prepare (flows/preparing.py" in capsys.readouterr().out


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["handovr"])
    assert "handover" in capsys.readouterr().err


@pytest.mark.parametrize("came", [("a",), ("a", "b", "b"), ("a", "b", "c")])
def test_a_hand_over_that_loses_or_repeats_someone_is_not_timed(came: tuple[str, ...]) -> None:
    Taken(1, 10, ("b", "a")).must_be(["a", "b"], "it")
    with pytest.raises(RuntimeError, match="not one each"):
        Taken(1, 10, came).must_be(["a", "b"], "it")


def test_the_same_messy_file_is_made_each_time(tmp_path: Path) -> None:
    write_messy_csv(tmp_path / "one.csv", 150)
    write_messy_csv(tmp_path / "two.csv", 150)
    made = (tmp_path / "one.csv").read_text(encoding="utf-8-sig")
    assert made == (tmp_path / "two.csv").read_text(encoding="utf-8-sig")
    assert " at example.org" in made
    assert "@EXAMPLE.ORG" in made
