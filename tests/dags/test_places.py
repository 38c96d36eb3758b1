"""Sources pulled end to end from what lies outside, through Airflow's real hooks, into a ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outreach.flows.imports import pull_sources
from outreach.records import ImportResult
from outreach.settings import ROOT
from outreach.workspace import Workspace
from tests.fakes import places
from tests.fakes.places import Kept, Reply, serving
from tests.flows.importing import WHO, own_workspace, rows_of

LIST = b"Email,First name,Sector\nann@example.org,Ann,GP\nbo@example.org,Bo,Podiatry\n"
LATER = LIST + b"cy@example.org,Cy,Dental\n"


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """What a pull writes is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Any, keys: Any, engine: Any, tmp_path: Path) -> Workspace:
    (tmp_path / "contacts").mkdir()
    return own_workspace(settings, keys, engine, tmp_path)


def declare(ws: Workspace, **source: Any) -> None:
    entry = {"name": "list", "kind": "contacts", **source}
    file = ws.settings.root / "contacts" / "sources.yaml"
    file.write_text(json.dumps({"sources": [entry]}))


def pull(ws: Workspace, **more: Any) -> list[ImportResult]:
    from outreach.airflow_reach import AirflowReach

    return list(pull_sources(ws, reach=AirflowReach(), **WHO, **more))


def states(results: list[ImportResult]) -> list[tuple[str, str]]:
    return [(one.file_name, str(one.state)) for one in results]


def addresses(ws: Workspace) -> set[str]:
    return {row["email"].partition("@")[0] for row in rows_of(ws.engine, "contact")}


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **connection: Any) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow keeps a filesystem for each connection as long as its process lives."""
    from airflow.sdk.io import store

    monkeypatch.setattr(store, "_STORE_CACHE", {})


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, Kept], places.Server]]:
    objects = {"lists/b.csv": Kept(LIST), "lists/note.md": Kept(b"x"), "other.csv": Kept(b"y")}
    with serving(places.s3("hub", objects)) as server:
        connect(
            monkeypatch, "lists", conn_type="aws", login="key", password="secret",
            extra={"endpoint_url": server.address, "region_name": "eu-west-2",
                   "config_kwargs": {"s3": {"addressing_style": "path"}}},
        )  # fmt: skip
        yield objects, server


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, Kept], places.Server]]:
    objects = {"lists/b.csv": Kept(LIST), "other.csv": Kept(b"y")}
    with serving(places.azure_blobs("hub", objects)) as server:
        text = (
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;"
            f"BlobEndpoint={server.address}/devstoreaccount1;"
        )
        extra = {"connection_string": text}
        connect(monkeypatch, "lists", conn_type="azure_data_lake", extra=extra)
        yield objects, server


@pytest.mark.parametrize(
    ("store", "url"),
    [("bucket", "s3://hub/lists/*.csv"), ("container", "abfs://hub@devstoreaccount1/lists/*.csv")],
)
def test_new_objects_of_a_store_are_taken_and_the_same_ones_are_not_fetched_again(
    ws: Workspace, store: str, url: str, request: pytest.FixtureRequest
) -> None:
    objects, server = request.getfixturevalue(store)
    declare(ws, path=url, connection="lists", unmatched={"sector": "empty"})
    (first,) = pull(ws)
    assert (first.file_name, first.state, first.created) == ("b.csv", "done", 2), first.message
    assert "left empty, as the source says for what is not recognised: sector 1" in first.message
    gets = [p for p in server.paths() if p.endswith("b.csv")]
    assert states(pull(ws)) == [("b.csv", "already taken")]
    assert [p for p in server.paths() if p.endswith("b.csv")] == gets
    objects["lists/b.csv"] = Kept(LATER)
    assert states(pull(ws)) == [("b.csv", "done")]
    assert addresses(ws) == {"ann", "bo", "cy"}
    assert list((ws.settings.home / "fetched").iterdir()) == []


SITE = "sites/hub.example.org:/sites/team:/drive/root:/Forms/pledges 2026.xlsx"


@pytest.fixture
def sharepoint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[dict[str, dict[str, Any]], places.Server]]:
    """A drive with one workbook; its content is at another address, as Graph has it."""
    items: dict[str, dict[str, Any]] = {}
    workbook = (ROOT / "contacts" / "samples" / "pledges-forms.xlsx").read_bytes()
    context, authority = places.certified(tmp_path)
    with (
        serving(lambda _: Reply(workbook)) as content,
        serving(places.graph(items, "tenant"), context) as server,
    ):
        items[SITE] = {
            "name": "pledges 2026.xlsx",
            "size": len(workbook),
            "file": {},
            "cTag": "c1",
            "lastModifiedDateTime": "2026-11-20T09:00:00Z",
            "@microsoft.graph.downloadUrl": f"{content.address}/signed?secret=1",
        }
        host = server.address.removeprefix("https://")
        connect(
            monkeypatch, "graph", conn_type="msgraph", login="client", password="secret",
            extra={"tenant_id": "tenant", "authority": host, "base_url": f"{server.address}/v1.0",
                   "verify": str(authority), "disable_instance_discovery": True,
                   "allowed_hosts": "127.0.0.1"},
        )  # fmt: skip
        yield items, content


def test_a_workbook_of_forms_answers_is_taken_from_sharepoint_and_only_when_it_changed(
    ws: Workspace, sharepoint: tuple[dict[str, dict[str, Any]], places.Server], caplog: Any
) -> None:
    caplog.set_level("INFO")
    items, content = sharepoint
    declare(
        ws,
        kind="pledges",
        path="msgraph://sites/hub.example.org/sites/team/Forms/pledges 2026.xlsx",
        connection="graph",
    )
    (first,) = pull(ws)
    assert (first.state, first.new_pledges > 3) == ("done", True), first.message
    assert states(pull(ws)) == [("pledges 2026.xlsx", "already taken")]
    assert len(content.asked) == 1
    items[SITE]["cTag"] = "c2"
    assert states(pull(ws)) == [("pledges 2026.xlsx", "already taken")]
    assert len(content.asked) == 2
    assert "secret=1" not in caplog.text
    del items[SITE]
    (gone,) = pull(ws)
    assert "no such file" in gone.message


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


def test_without_airflow_a_place_outside_says_what_is_missing(ws: Workspace) -> None:
    declare(ws, path="s3://hub/list.csv")
    (result,) = pull_sources(ws, **WHO)
    assert "through Airflow" in result.message


STORES = {"bucket": "s3://hub/lists/", "container": "abfs://hub@devstoreaccount1/lists/"}


@pytest.mark.parametrize("store", STORES)
def test_a_store_that_refuses_us_or_has_nothing_there_is_told_apart(
    ws: Workspace, store: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    objects, server = request.getfixturevalue(store)
    url = STORES[store]
    declare(ws, path=f"{url}ann@example.org.csv", connection="lists")
    (missing,) = pull(ws)
    assert "list: there is no such file" in missing.message
    server.refuse = Reply(b"", 403, {"x-ms-error-code": "AuthenticationFailed"})
    for path in ("b.csv", "*.csv"):
        declare(ws, path=url + path, connection="lists")
        (refused,) = pull(ws)
        assert "refused us; check the key in the Airflow connection “lists”" in refused.message
    assert "secret" not in refused.message + caplog.text
    assert "ann@" not in missing.message
    server.refuse = None
    objects.clear()
    declare(ws, path=f"{url}*.csv", connection="lists")
    assert pull(ws) == [], "an empty folder waits for files"
    declare(ws, path=f"{url.replace('hub', 'hubb')}*.csv", connection="lists")
    (no_bucket,) = pull(ws)
    assert "there is no bucket or container “hubb”" in no_bucket.message


def test_an_object_that_is_swapped_while_it_is_fetched_comes_with_the_next_pull(
    ws: Workspace, bucket: tuple[dict[str, Kept], places.Server]
) -> None:
    objects, server = bucket
    declare(ws, path="s3://hub/lists/*.csv", connection="lists")
    server.before = lambda asked: (
        objects.update({"lists/b.csv": Kept(LATER)}) if asked.path.endswith("b.csv") else None
    )
    (first,) = pull(ws)
    assert (first.state, rows_of(ws.engine, "contact")) == ("refused", []), first.message
    assert states(pull(ws)) == [("b.csv", "done")]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b'{"error": {"code": "accessDenied"}}', 403), "Microsoft Graph refused us"),
        (Reply(b'{"error": {"code": "InvalidAuthenticationToken"}}', 401), "Graph refused us"),
        (Reply(b'{"error": {"code": "badRequest"}}', 400), "Microsoft Graph answered with"),
    ],
    ids=["403", "401", "400"],
)
def test_what_graph_refuses_is_told_with_the_connection_to_check(
    ws: Workspace,
    sharepoint: tuple[dict[str, dict[str, Any]], places.Server],
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    said: str,
) -> None:
    items, _ = sharepoint
    items[SITE]["refuse"] = reply
    path = "msgraph://sites/hub.example.org/sites/team/Forms/pledges 2026.xlsx"
    declare(ws, kind="pledges", path=path, connection="graph")
    (refused,) = pull(ws)
    assert said in refused.message, refused.message
    assert "the connection “graph”" in refused.message


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
