"""What sources.yaml declares of a source decides what is taken of it, and what is not."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.errors import InputError
from outreach.flows.imports import Allowing, import_file, pull_sources
from outreach.flows.source_list import sources
from outreach.keys import Keys
from outreach.records import ImportResult
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, people_tables, rows_of, table

HEADINGS = ("Email", "Sector", "Borough")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The ledger's part is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    (tmp_path / "contacts").mkdir()
    return own_workspace(settings, keys, engine, tmp_path)


def declare(ws: Workspace, *entries: dict[str, Any]) -> None:
    full = [{"name": f"s{n}", "kind": "contacts", **entry} for n, entry in enumerate(entries)]
    (ws.settings.root / "contacts" / "sources.yaml").write_text(json.dumps({"sources": full}))


def put(ws: Workspace, name: str, *rows: tuple[object, ...]) -> Path:
    return table(ws.settings.root / "contacts" / name, *rows)


def pull(ws: Workspace, **allowing: bool) -> ImportResult:
    (result,) = pull_sources(ws, allowing=Allowing(**allowing), **WHO)
    return result


def test_a_source_says_what_texts_mean_and_which_unknown_ones_are_left_empty(
    ws: Workspace,
) -> None:
    put(
        ws, "l.csv", HEADINGS,
        ("a@example.org", "Primary medical (GMS)", "Camden"),
        ("b@example.org", "primary-medical gms", "Narnia"),
        ("c@example.org", "Podiatry", "Camden"),
        ("d@example.org", "Dental", "Narnia"),
    )  # fmt: skip
    means = {"sector": {"Primary medical (GMS)": "General Practice"}}
    declare(ws, {"path": "l.csv", "values": means, "unmatched": {"borough": "empty"}})
    result = pull(ws)
    assert result.quarantined_by_reason == {"sector not recognised": 1}
    assert "left empty, as the source says for what is not recognised: borough 2" in result.message
    kept = [(c["email"][0], c["sector"], c["borough"]) for c in rows_of(ws.engine, "contact")]
    assert sorted(kept) == [
        ("a", "General Practice", "Camden"),
        ("b", "General Practice", ""),
        ("d", "Dentistry", ""),
    ]


def test_mended_rules_take_the_same_file_again(ws: Workspace) -> None:
    put(ws, "l.csv", HEADINGS, ("c@example.org", "Podiatry", "Camden"))
    declare(ws, {"path": "l.csv"})
    assert pull(ws).quarantined == 1
    assert pull(ws).state == "already taken"
    declare(ws, {"path": "l.csv", "unmatched": "empty"})
    assert pull(ws).created == 1


def test_a_rule_to_a_value_that_the_hub_has_not_refuses_the_file(ws: Workspace) -> None:
    put(ws, "l.csv", HEADINGS, ("c@example.org", "Podiatry", "Camden"))
    declare(ws, {"path": "l.csv", "values": {"sector": {"Podiatry": "Feet"}}})
    result = pull(ws)
    assert result.state == "refused"
    assert "“Podiatry” cannot mean “Feet”" in result.message


def test_each_guard_stops_a_file_says_why_and_has_its_own_way_on(ws: Workspace) -> None:
    people = [(f"p{n}@example.org", "GP", "Camden") for n in range(30)]
    declare(ws, {"path": "l.csv", "stale_after_days": 30})
    file = put(ws, "l.csv", HEADINGS, *people)
    pull(ws)
    before = people_tables(ws.engine)
    file = put(ws, "l.csv", ("Email", "Sector"), ("new@example.org", "GP"))
    long_ago = datetime.now(UTC) - timedelta(days=31)
    os.utime(file, (long_ago.timestamp(), long_ago.timestamp()))
    for allowed, option in (
        ({}, "--allow-stale"),
        ({"stale": True}, "--allow-shrink"),
        ({"stale": True, "shrink": True}, "--allow-lost-column"),
        ({"shrink": True, "lost_column": True}, "--allow-stale"),
    ):
        stopped = pull(ws, **allowed)
        assert (stopped.state, option in stopped.message) == ("refused", True), stopped.message
    assert people_tables(ws.engine) == before
    assert pull(ws, stale=True, shrink=True, lost_column=True).created == 1


def test_a_file_of_one_source_taken_by_hand_may_let_a_column_go(ws: Workspace) -> None:
    import_file(
        ws, put(ws, "1.csv", HEADINGS, ("a@example.org", "GP", "")), "contacts", source="l", **WHO
    )
    lost = put(ws, "2.csv", ("Email",), ("b@example.org",))
    assert import_file(ws, lost, "contacts", source="l", **WHO).state == "refused"
    assert import_file(ws, lost, "contacts", source="l", allow_lost_column=True, **WHO).created == 1


def test_one_source_is_pulled_by_its_name_and_a_wrong_name_is_met_with_the_nearest(
    ws: Workspace,
) -> None:
    put(ws, "a.csv", HEADINGS, ("a@example.org", "GP", ""))
    put(ws, "b.csv", HEADINGS, ("b@example.org", "GP", ""))
    declare(ws, {"name": "lists", "path": "a.csv"}, {"name": "others", "path": "b.csv"})
    (only,) = pull_sources(ws, only="others", **WHO)
    assert only.file_name == "b.csv"
    with pytest.raises(InputError, match="did you mean “others”"):
        pull_sources(ws, only="other", **WHO)


def test_the_list_of_sources_says_what_came_last_and_what_is_next(ws: Workspace) -> None:
    put(ws, "a.csv", HEADINGS, ("a@example.org", "GP", ""))
    put(ws, "b.csv", ("Colour",), ("blue",))
    put(ws, "inbox/c.csv", HEADINGS, ("c@example.org", "GP", ""))
    declare(
        ws,
        {"name": "a", "path": "a.csv"},
        {"name": "b", "path": "b.csv"},
        {"name": "in", "path": "inbox/*", "drop": True},
        {"name": "feed", "kind": "resources", "path": "https://example.org/feed?key=secret"},
    )
    assert [line.next for line in sources(ws)] == [
        "looked at again at the next pull",
        "looked at again at the next pull",
        "1 waiting",
        "asked for what is new at the next pull",
    ]
    for name in ("a", "b", "in"):
        pull_sources(ws, only=name, **WHO)
    a, b, dropped, feed = sources(ws)
    assert (a.said, a.last_at is not None) == (
        "done: 1 rows of a.csv, 1 new, 0 changed, 0 set aside",
        True,
    )
    assert b.said.startswith("refused: ")
    assert b.next == "needs a person: mend what it says"
    assert (dropped.said.startswith("done: 1 rows of c.csv"), dropped.next) == (
        True,
        "waits for files",
    )
    assert (feed.said, feed.place) == ("never taken", "https://example.org/feed")
