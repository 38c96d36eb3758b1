"""Object stores and SharePoint pulled end to end through Airflow's real hooks, into a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outreach.flows.imports import pull_sources
from outreach.settings import ROOT
from outreach.workspace import Workspace
from tests.dags.pulling import (
    addresses,
    as_in_a_new_process,
    connect,
    database_url,
    declare,
    pull,
    states,
    ws,
)
from tests.fakes import places
from tests.fakes.places import Kept, Reply, serving
from tests.flows.importing import WHO, rows_of

__all__ = ["as_in_a_new_process", "database_url", "ws"]

LIST = b"Email,First name,Sector\nann@example.org,Ann,GP\nbo@example.org,Bo,Podiatry\n"
LATER = LIST + b"cy@example.org,Cy,Dental\n"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, Kept], places.Server]]:
    objects = {"lists/b.csv": Kept(LIST), "lists/note.md": Kept(b"x"), "other.csv": Kept(b"y")}
    with serving(places.s3("hub", objects)) as server:
        connect(
            monkeypatch, "lists", conn_type="aws", login="key", password="key-of-the-store",
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
    for secret in ("key-of-the-store", "c2VjcmV0"):
        assert secret not in refused.message + caplog.text
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
