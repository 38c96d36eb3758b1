"""The bridge to Airflow: connections, timetable, and the log-in before the staff pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from outreach.airflow_bridge import LondonTimetable


def timetable_of(text: str, **given: Any) -> LondonTimetable:
    """Make one; to import the bridge is to import Airflow, which those who only collect spare."""
    from outreach.airflow_bridge import LondonTimetable

    return LondonTimetable(text, **given)


def interval(at: datetime) -> Any:
    from airflow.timetables.base import DataInterval

    return DataInterval.exact(_pendulum(at))


def restriction(**given: Any) -> Any:
    from airflow.timetables.base import TimeRestriction

    return TimeRestriction(**{"earliest": None, "latest": None, "catchup": False, **given})


def _pendulum(moment: datetime) -> Any:
    import pendulum

    return pendulum.instance(moment)


def stored_before(stored: dict[str, Any]) -> LondonTimetable:
    """The timetable that Airflow makes of what it stored."""
    from outreach.airflow_bridge import LondonTimetable

    return LondonTimetable.deserialize(stored)


def next_run(timetable: LondonTimetable, last: datetime | None, **given: Any) -> datetime | None:
    found = timetable.next_dagrun_info(
        last_automated_data_interval=interval(last) if last else None,
        restriction=restriction(**given),
    )
    return found.run_after if found else None


def test_a_slot_older_than_the_grace_period_is_never_run() -> None:
    now = datetime.now(UTC)
    timetable = timetable_of("* * * * *", late_after_hours=2)
    found = next_run(timetable, now - timedelta(days=3))
    assert found is not None
    assert now - timedelta(hours=2, minutes=1) < found <= now - timedelta(hours=1, minutes=58)


def test_switching_a_campaign_on_runs_nothing_from_hours_ago() -> None:
    now = datetime.now(UTC)
    found = next_run(timetable_of("* * * * *", late_after_hours=8), None)
    assert found is not None
    assert found > now - timedelta(minutes=11)


def test_every_slot_within_the_grace_period_is_run_in_turn() -> None:
    now = datetime.now(UTC)
    timetable = timetable_of("* * * * *", late_after_hours=4)
    first = next_run(timetable, now - timedelta(minutes=30))
    assert first is not None
    second = next_run(timetable, first)
    assert second is not None
    assert second - first == timedelta(minutes=1)


def test_a_dag_that_has_ended_runs_no_more() -> None:
    past = _pendulum(datetime.now(UTC) - timedelta(days=1))
    assert next_run(timetable_of("* * * * *"), None, latest=past) is None


def test_a_timetable_survives_being_stored() -> None:
    one = timetable_of("0 10 * * 2", days_off="skip", late_after_hours=3)
    stored = json.loads(json.dumps(one.serialize()))
    again = stored_before(stored)
    assert again.serialize() == one.serialize()
    assert again.summary == "Tuesdays at 10:00, London time, working days only"


def test_a_timetable_that_an_earlier_version_stored_is_read() -> None:
    stored = {"cron": "0 10 * * 2", "working_days_only": True, "late_after_hours": 3}
    again = stored_before(stored)
    assert again.summary == "Tuesdays at 10:00, London time, working days only"


@pytest.mark.parametrize(
    ("text", "days_off"),
    [
        ("every second Tuesday 10:00 from 2026-12-01", "move"),
        ("last working day of the month 09:30", "send"),
        ("2036-12-01 10:00, 2036-12-08 10:00", "skip"),
    ],
)
def test_words_and_dates_are_stored_and_come_round_as_written(text: str, days_off: str) -> None:
    one = timetable_of(text, days_off=days_off)
    again = stored_before(json.loads(json.dumps(one.serialize())))
    assert again.summary == one.summary
    assert next_run(again, None) == one.slots.next_slot(datetime.now(UTC))


def test_dates_that_have_all_passed_and_slots_missed_by_hours_run_nothing() -> None:
    last_week = datetime.now(UTC) - timedelta(days=7)
    passed = timetable_of(f"{last_week:%Y-%m-%d} 10:00")
    assert next_run(passed, None) is None
    assert next_run(passed, last_week - timedelta(days=30)) is None


def test_the_plugin_registers_the_timetable_that_dags_use() -> None:
    import outreach_plugin
    from outreach.airflow_bridge import LondonTimetable

    assert outreach_plugin.OutreachPlugin.timetables == [LondonTimetable]


def test_airflows_connections_win_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from outreach.airflow_bridge import settings_in_airflow

    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("OUTREACH_SENDGRID_API_KEY", "from-the-environment")
    assert settings_in_airflow().sendgrid_api_key == "from-the-environment"
    connection = {"conn_type": "sendgrid", "password": "SG.from-airflow", "host": "127.0.0.1"}
    monkeypatch.setenv("AIRFLOW_CONN_SENDGRID_DEFAULT", json.dumps(connection))
    found = settings_in_airflow()
    assert found.sendgrid_api_key == "SG.from-airflow"
    assert found.sendgrid_base_url == "https://127.0.0.1"
    assert found.origins["sendgrid_api_key"] == "connection sendgrid_default"
    aws = {"conn_type": "aws", "login": "AKIA", "password": "SG.x", "extra": {"region_name": "eu"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    monkeypatch.setenv("OUTREACH_SES_REGION", "from-the-environment")
    found = settings_in_airflow()
    assert found.given["OUTREACH_SES_ACCESS_KEY_ID"] == "AKIA"
    assert found.origin("OUTREACH_SES_ACCESS_KEY_ID") == "AIRFLOW_CONN_AWS_DEFAULT"
    # That connection may serve other things too, so it only fills in.
    assert found.given["OUTREACH_SES_REGION"] == "from-the-environment"
    assert "SG." not in repr(found)


@pytest.fixture
def airflow_api(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    """Airflow's own API server with the plugin in it, and a ledger of its own."""
    import outreach.airflow_bridge as bridge

    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "amy:user,vic:viewer")
    bridge.workspace_in_airflow.cache_clear()
    from airflow.utils.db import initdb

    initdb()
    from airflow.api_fastapi.app import create_app, purge_cached_app

    purge_cached_app()
    yield create_app(apps="core")
    purge_cached_app()
    bridge.workspace_in_airflow.cache_clear()


def as_user(app: Any, name: str, role: str) -> TestClient:
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username=name, role=role))
    client = TestClient(app, base_url="http://localhost:8080")
    client.headers["Authorization"] = f"Bearer {token}"
    return client


@pytest.mark.airflow
def test_airflows_log_in_and_roles_stand_before_every_staff_page(airflow_api: Any) -> None:
    order = "/outreach/editions/none@none/control"
    nobody = TestClient(airflow_api, base_url="http://localhost:8080")
    viewer = as_user(airflow_api, "vic", "viewer")
    officer = as_user(airflow_api, "amy", "user")
    for page in (
        "/outreach/",
        "/outreach/editions",
        "/outreach/campaigns",
        "/outreach/openapi.json",
    ):
        assert nobody.get(page).status_code in (401, 404), page
    for page in ("/outreach/", "/outreach/editions", "/outreach/campaigns"):
        assert nobody.get(page).status_code == 401, page
        assert viewer.get(page).status_code == 200, page
    # Only who may act is offered the search, and sees addresses whole.
    assert 'name="q"' in officer.get("/outreach/contacts").text
    assert 'name="q"' not in viewer.get("/outreach/contacts").text
    headers = {"Origin": "http://localhost:8080"}
    file = {"file": ("list.csv", "Email\nann@practice.org.uk\n", "text/csv")}
    named = {"kind": "contacts", "source": "list"}
    sent = {"data": named, "headers": headers, "follow_redirects": False}
    for who, code in ((nobody, 401), (viewer, 403), (officer, 303)):
        assert who.post("/outreach/list", files=file, **sent).status_code == code
    assert "a…@practice.org.uk" in viewer.get("/outreach/contacts").text
    assert "ann@practice.org.uk" in officer.get("/outreach/contacts").text
    form = {"order": "pause", "reason": "test"}
    assert nobody.post(order, data=form, headers=headers).status_code == 401
    assert viewer.post(order, data=form, headers=headers).status_code == 403
    assert officer.post(order, data=form, headers=headers).status_code == 404
    foreign = {"Origin": "https://elsewhere.example"}
    assert officer.post(order, data=form, headers=foreign).status_code == 403


def test_the_pages_are_built_only_when_somebody_asks_for_one() -> None:
    from outreach.airflow_bridge import StaffPages

    built: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    def build() -> Any:
        built.append("once")
        return app

    pages = StaffPages(build)
    assert not built
    client = TestClient(pages)
    assert client.get("/").text == client.get("/").text == "here"
    assert built == ["once"]
