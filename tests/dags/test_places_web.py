"""JSON APIs and feeds pulled end to end with the secrets of Airflow connections, into a ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from outreach.workspace import Workspace
from tests.dags.pulling import as_in_a_new_process, connect, database_url, declare, pull, states, ws
from tests.fakes import places
from tests.fakes.places import Reply, serving
from tests.flows.importing import rows_of

__all__ = ["as_in_a_new_process", "database_url", "ws"]


class Records:
    """A JSON API of people, a page at a time, that knows when each was changed."""

    def __init__(self, number: int) -> None:
        self.people = [
            {
                "id": n,
                "email": f"p{n}@example.org",
                "first_name": "P",
                "changed": f"2026-11-{1 + n:02}",
            }
            for n in range(number)
        ]
        self.busy = 0

    def __call__(self, asked: places.Asked) -> Reply:
        if asked.headers.get("authorization") != "Bearer token-1":
            return Reply(status=401)
        if self.busy:
            self.busy -= 1
            return Reply(status=429, headers={"Retry-After": "0"})
        people = [p for p in self.people if p["changed"] >= asked.query.get("since", "")]
        size, first = int(asked.query.get("size", "2")), int(asked.query.get("from", "0"))
        page, more = people[first : first + size], first + size < len(people)
        link = f"/people?from={first + size}&since={asked.query.get('since', '')}"
        said = {"data": {"people": page}, "links": {"next": link if more else None}}
        if "at" in asked.query:
            number = int(asked.query["at"])
            said["data"]["people"] = people[(number - 1) * size : number * size]
        if more:
            said["token"] = str(first + size)
        return Reply(json.dumps(said).encode(), headers={"Content-Type": "application/json"})


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Records, places.Server]]:
    records = Records(5)
    with serving(records) as server:
        host = server.address.removeprefix("http://")
        connect(monkeypatch, "crm", conn_type="http", host=host, password="token-1")
        yield records, server


def as_api(server: places.Server, **api: Any) -> dict[str, Any]:
    return {
        "path": f"{server.address}/people",
        "connection": "crm",
        "records": "data.people",
        "api": {"auth": "bearer", **api},
    }


@pytest.mark.parametrize(
    "paging",
    [
        {"paging": "next_link", "next": "links.next"},
        {"paging": "cursor", "next": "token", "parameter": "from"},
        {"paging": "page", "parameter": "at", "size_parameter": "size", "size": 2},
        {"paging": "offset", "parameter": "from"},
    ],
    ids=lambda paging: paging["paging"],
)
def test_every_page_of_an_api_is_taken(
    ws: Workspace, people: tuple[Records, places.Server], paging: dict[str, Any]
) -> None:
    records, server = people
    records.busy = 1
    declare(ws, **as_api(server, **paging))
    (first,) = pull(ws)
    assert (first.state, first.created) == ("done", 5), first.message
    assert states(pull(ws)) == [("list.json", "already taken")]


def test_an_api_is_asked_only_for_what_is_new_and_again_where_it_was_not_taken(
    ws: Workspace, people: tuple[Records, places.Server]
) -> None:
    records, server = people
    since = {"parameter": "since", "field": "changed"}
    declare(ws, **as_api(server, paging="next_link", next="links.next", since=since))
    assert pull(ws)[0].created == 5
    records.people.append({"id": 9, "email": "new@example.org", "changed": "2026-11-09",
                           "ethnicity": "x"})  # fmt: skip
    assert pull(ws)[0].special_category
    del records.people[-1]["ethnicity"]
    (again,) = pull(ws)
    assert (again.rows_read, again.created) == (2, 1), "the last one known, and the new one"
    assert server.asked[-1].query["since"] == "2026-11-05"
    records.people.clear()
    assert states(pull(ws)) == [("list.json", "already taken")]
    assert server.asked[-1].query["since"] == "2026-11-09"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"records": "data"}, "no list of records at data"),
        ({"connection": "nothing"}, "no connection “nothing”"),
        ({"connection": "wrong"}, "refused us (401)"),
        ({"connection": "elsewhere"}, "not on the server of the connection"),
        ({"path": "http://api.example.org/people", "connection": "open"}, "https://"),
    ],
)
def test_a_place_that_cannot_be_read_is_refused_with_what_to_mend(
    ws: Workspace,
    people: tuple[Records, places.Server],
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    said: str,
) -> None:
    connect(monkeypatch, "wrong", conn_type="http", password="token-2")
    connect(monkeypatch, "open", conn_type="http", password="token-1")
    connect(monkeypatch, "elsewhere", conn_type="http", host="other.example", password="token-1")
    declare(ws, **{**as_api(people[1]), **change})
    (result,) = pull(ws)
    assert (result.state, said in result.message) == ("refused", True), result.message
    assert "token-" not in result.message
    (kept,) = rows_of(ws.engine, "import")
    assert (kept["state"], kept["source"]) == ("refused", "list")


def test_a_feed_of_resources_is_fetched_again_only_when_its_tag_changed(ws: Workspace) -> None:
    feed = (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>New</title>'
        "<item><title>Toolkit &amp; guide</title><link>https://example.org/r/1</link><guid>r1</guid>"
        "<description>&lt;p&gt;What to &lt;b&gt;do&lt;/b&gt;&lt;/p&gt;</description>"
        "<pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"
    )

    def answer(asked: places.Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"1"':
            return Reply(status=304, headers={"ETag": '"1"'})
        return Reply(feed.encode(), headers={"ETag": '"1"', "Content-Type": "application/rss+xml"})

    with serving(answer) as server:
        declare(ws, kind="resources", path=f"{server.address}/new")
        assert pull(ws)[0].created == 1
        assert states(pull(ws)) == [("list", "already taken")]
        assert server.asked[-1].headers["if-none-match"] == '"1"'
    (resource,) = rows_of(ws.engine, "resource")
    assert (resource["title"], resource["summary"]) == ("Toolkit & guide", "What to do")
    assert resource["published_at"] == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_pull_that_dies_before_it_notes_how_far_it_came_loses_and_doubles_nobody(
    ws: Workspace, people: tuple[Records, places.Server]
) -> None:
    _, server = people
    since = {"parameter": "since", "field": "changed"}
    declare(ws, **as_api(server, paging="next_link", next="links.next", since=since))
    dies = (
        "CREATE TRIGGER dies BEFORE INSERT ON fact WHEN NEW.name LIKE 'source pulled%' "
        "BEGIN SELECT RAISE(ABORT, 'gone'); END"
    )
    with ws.engine.begin() as connection:
        connection.exec_driver_sql(dies)
    (died,) = pull(ws)
    assert (died.state, "rows that were taken until then stay" in died.message) == ("failed", True)
    before = rows_of(ws.engine, "contact")
    assert len(before) == 5
    with ws.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER dies")
    pull(ws)
    assert not server.asked[-1].query["since"], "it was not moved on"
    assert rows_of(ws.engine, "contact") == before
    pull(ws)
    assert server.asked[-1].query["since"] == "2026-11-05"
