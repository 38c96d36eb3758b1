"""Nothing is of no part, and what runs on both databases is of both."""

from __future__ import annotations

import pytest

from outreach.settings import ROOT
from tests.parts import IN_TURN, KINDS, PARTS, part_of

TESTS = [
    f"{place}test_it.py::test_{n}[{kind}-x]"
    for place in IN_TURN
    for n in range(20)
    for kind in KINDS
]


def test_ci_runs_both_parts() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make test", "make rest"} <= {*lines}
    for part in PARTS:
        assert f"--part {part}\n" in (ROOT / "Makefile").read_text()


def test_a_test_on_both_databases_is_of_either_part_on_one_of_them() -> None:
    kinds = set()
    for first, second in zip(TESTS[::2], TESTS[1::2], strict=True):
        found = (part_of(first, TESTS, False), part_of(second, TESTS, False))
        assert set(found) == set(PARTS)
        kinds.add(found)
    assert len(kinds) == 2, "neither database always comes first"


@pytest.mark.parametrize(
    ("name", "thorough", "part"),
    [
        ("tests/flows/test_it.py::test_a[sqlite]", False, "first"),
        ("tests/flows/test_it.py::test_a", False, "first"),
        ("tests/flows/test_it.py::test_a", True, "rest"),
        ("tests/ledger/test_it.py::test_b[sqlite]", False, "first"),
        ("tests/ledger/test_it.py::test_b[postgresql]", False, "first"),
    ],
)
def test_what_runs_once_or_asks_the_ledger_itself_is_of_the_first(
    name: str, thorough: bool, part: str
) -> None:
    names = [
        name,
        "tests/ledger/test_it.py::test_b[sqlite]",
        "tests/ledger/test_it.py::test_b[postgresql]",
    ]
    assert part_of(name, names, thorough) == part
