"""What people (and others) put into folders is taken, or refused in words; it holds up nothing."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa

from outreach.dagdocs import import_counts, import_line
from outreach.flows.imports import pull_sources
from outreach.flows.telling import to_announce
from outreach.keys import Keys
from outreach.records import ImportResult
from outreach.settings import Settings
from outreach.sources.places.nowhere import NoReach
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The ledger's part is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    (tmp_path / "contacts").mkdir()
    return own_workspace(settings, keys, engine, tmp_path)


def declare(ws: Workspace, *entries: dict[str, Any]) -> Path:
    full = [{"name": f"s{n}", "kind": "contacts", **entry} for n, entry in enumerate(entries)]
    contacts = ws.settings.root / "contacts"
    (contacts / "sources.yaml").write_text(json.dumps({"sources": full}))
    return contacts


INBOX = {"name": "inbox", "path": "inbox/**/*", "drop": True}


def pull(ws: Workspace, **more: Any) -> dict[str, ImportResult]:
    """Pull, and return what came of each thing by what its message begins with."""
    return {one.source: one for one in pull_sources(ws, **WHO, **more)}


def people(ws: Workspace) -> set[str]:
    return {row["email"].partition("@")[0] for row in rows_of(ws.engine, "contact")}


def one_person(path: Path, who: str) -> Path:
    return table(path, ("Email",), (f"{who}@example.org",))


def test_a_drop_folder_is_made_where_there_is_none(ws: Workspace) -> None:
    contacts = declare(ws, {"path": "inbox/contacts/*", "drop": True})
    assert pull(ws) == {}
    assert (contacts / "inbox" / "contacts").is_dir()


def test_files_of_one_name_in_two_folders_are_both_taken_and_both_kept(ws: Workspace) -> None:
    contacts = declare(ws, INBOX)
    one_person(contacts / "inbox" / "north" / "list.csv", "ann")
    one_person(contacts / "inbox" / "south" / "list.csv", "bo")
    results = list(pull_sources(ws, **WHO))
    taken = [one for one in results if one.state == "done"]
    assert (len(taken), people(ws)) == (2, {"ann", "bo"})
    assert len(list((contacts / "processed").iterdir())) == 2


def test_what_is_no_file_is_refused_in_words_and_holds_up_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    contacts = declare(ws, {**INBOX, "path": "inbox/*"})
    inbox = contacts / "inbox"
    secret = one_person(tmp_path / "secret.csv", "secret")
    secret.chmod(0o640)
    (inbox / "folder.csv").mkdir(parents=True)
    (inbox / "link.csv").symlink_to(secret)
    (inbox / "gone.csv").symlink_to(tmp_path / "nothing.csv")
    (inbox / "empty.csv").touch()
    (inbox / "bytes.csv").write_bytes(bytes(range(256)) * 8)
    one_person(inbox / "good.csv", "good")
    said = [one.message for one in pull_sources(ws, **WHO) if one.state == "refused"]
    assert sorted(
        re.split("; |[.] The file", line.partition(" changed. ")[2])[0] for line in said
    ) == [
        "bytes.csv: its letters cannot be read",
        "empty.csv: the file is empty",
        "folder.csv: a folder, and only files are taken",
        "gone.csv: a link that leads nowhere",
        "link.csv: a link to a file elsewhere, which is not followed",
    ]
    assert people(ws) == {"good"}
    assert (secret.stat().st_mode & 0o777, secret.is_file()) == (0o640, True)
    assert [path.name for path in inbox.iterdir()] == ["folder.csv"], "the rest was put away"


def test_a_link_is_followed_inside_its_folder_only(ws: Workspace, tmp_path: Path) -> None:
    contacts = declare(ws, {"path": "lists/*.csv", "least_share": 0})
    old = one_person(contacts / "lists" / "2026" / "may.csv", "may")
    (contacts / "lists" / "newest.csv").symlink_to(old)
    (contacts / "lists" / "out.csv").symlink_to(one_person(tmp_path / "out.csv", "out"))
    pull(ws)
    assert people(ws) == {"may"}


def test_a_file_that_must_be_there_and_is_not_is_told(ws: Workspace) -> None:
    declare(ws, {"path": "exports/staff.csv"})
    assert "staff.csv: there is no such file" in pull(ws)["s0"].message


def test_a_name_neither_breaks_a_log_nor_tells_it_an_address(
    ws: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    contacts = declare(ws, {**INBOX, "path": "inbox/*"})
    names = ("a\nFAKE LINE.csv", "b\u202evsc.csv", "of ann@example.org.csv", f"{'x' * 245}.csv")
    for name in names:
        one_person(contacts / "inbox" / name, f"p{len(name)}")
    (contacts / "inbox" / "bad bo@example.org.csv").write_text("Colour\nblue\n")
    told: list[str] = []
    results = pull_sources(ws, told=told.append, **WHO)
    assert [one.state for one in results].count("done") == len(names)
    lines = [*told, *map(import_line, results), caplog.text]
    assert not [text for text in lines if "@" in text or "\u202e" in text or "\nFAKE" in text]
    passed_on = import_counts(results, to_announce(ws))
    assert passed_on["refused"] == ["inbox"]
    assert list((contacts / "inbox").iterdir()) == []


def test_a_file_that_is_changed_while_it_is_read_is_left_for_the_next_pull(ws: Workspace) -> None:
    contacts = declare(ws, {**INBOX, "path": "inbox/*"})
    rows = [(f"p{n}@example.org",) for n in range(3_000)]
    file = table(contacts / "inbox" / "list.csv", ("Email",), *rows)
    over = threading.Event()

    def touch() -> None:
        moment = 1_700_000_000
        while not over.wait(0.0005):
            moment += 1
            os.utime(file, (moment, moment))

    toucher = threading.Thread(target=touch)
    toucher.start()
    try:
        (stopped,) = pull(ws).values()
    finally:
        over.set()
        toucher.join()
    assert (stopped.state, "changed while it was read" in stopped.message) == ("refused", True)
    assert (people(ws), file.is_file()) == (set(), True)
    (taken,) = pull(ws).values()
    assert (taken.created, file.exists()) == (3_000, False)


ANN = "ann@example.org"


class _Broken(NoReach):
    """Fails as the disk, or a fault in a library, would: quoting what it was given."""

    def connection(self, name: str) -> NoReturn:
        if name == "disk":
            raise PermissionError(13, "Permission denied", f"/secret/{ANN}")
        raise RuntimeError(ANN)


def test_a_fault_of_ours_in_one_source_holds_up_no_other_and_tells_nobodys_address(
    ws: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    web = {"path": "https://example.org/x.csv", "api": {"auth": "bearer"}}
    contacts = declare(
        ws, {**web, "connection": "disk"}, {**web, "connection": "fault"}, {"path": "list.csv"}
    )
    one_person(contacts / "list.csv", "good")
    found = pull(ws, reach=_Broken())
    assert "could not be read or moved (Permission denied)" in found["s0"].message
    assert "a fault in the program, not yours" in found["s1"].message
    assert found["s2"].created == 1
    assert "in web_for" in caplog.text, "where it was"
    assert "ann@" not in caplog.text + found["s0"].message + found["s1"].message
