"""Two parts of the tests: the first, which `make test` runs, and the rest, which CI runs besides.

What runs on both databases is of each part on one of them, in turn. Left to the rest is also what
is marked `thorough`. Without `--part` everything runs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from zlib import crc32

import pytest

IN_TURN = (
    "tests/engagement/",
    "tests/faults/test_faults.py",
    "tests/flows/",
    "tests/model/",
    "tests/web/",
)
"""What stands above the ledger, whose own tests run on both databases in either case."""

KINDS = ("sqlite", "postgresql")
PARTS = ("first", "rest")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--part`."""
    parser.addoption("--part", choices=PARTS, help="run only this part of the tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the part that is asked for."""
    wanted = config.getoption("part")
    if wanted is None:
        return
    names = {item.nodeid for item in items}
    parts = {
        part: [item for item in items if part_of(item.nodeid, names, thorough(item)) == part]
        for part in PARTS
    }
    items[:] = parts.pop(wanted)
    config.hook.pytest_deselected(items=_all(parts.values()))


def thorough(item: pytest.Item) -> bool:
    """Whether a test is marked as one for the rest."""
    return item.get_closest_marker("thorough") is not None


def part_of(name: str, names: Collection[str], thorough: bool) -> str:
    """Return the part of the test `name`, one of `names`."""
    if thorough:
        return "rest"
    kind = next((one for one in KINDS if one in name), None)
    if kind is None or not name.startswith(IN_TURN):
        return "first"
    both = [name.replace(kind, one) for one in KINDS]
    if not all(one in names for one in both):
        return "first"
    return PARTS[name != both[crc32(both[0].encode()) % 2]]


def _all(lists: Collection[Sequence[pytest.Item]]) -> list[pytest.Item]:
    return [item for one in lists for item in one]
