"""The demo follows the thank-you whichever run pulled the pledges; Airflow faked at the wire."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from outreach.local.airflow_api import AirflowApi
from outreach.local.demo import CONTACTS, THANK_YOU, Demo, Known, Run
from outreach.local.stack import Stack
from outreach.workspace import Workspace


class Airflow(BaseHTTPRequestHandler):
    """Answers as Airflow does; `runs` and `pulled` are set by each test."""

    runs: dict[str, dict[str, str]]
    pulled: dict[str, int]

    def do_POST(self) -> None:
        """Log in, or trigger a run, which ends at once."""
        if self.path == "/auth/token":
            return self._answer({"access_token": "made-up"})
        self.runs[CONTACTS]["manual"] = "success"
        return self._answer({"dag_run_id": "manual"})

    def do_GET(self) -> None:
        """Tell of runs, their states and what they returned."""
        dag, run, rest = re.findall(r"/dags/(\w+)/dagRuns(?:/(\w+))?(.*)", self.path)[0]
        if "xcomEntries" in rest:
            new = self.pulled[run]
            return self._answer({"value": {"changed": new, "new_pledges": new}})
        if run:
            return self._answer({"state": self.runs[dag][run]})
        return self._answer({"dag_runs": [{"dag_run_id": name} for name in self.runs[dag]]})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class UpStack:
    """The part of a stack that pulling asks of."""

    def __init__(self, url: str) -> None:
        self._api = AirflowApi(url, "amy", "made-up")

    def api(self, user: str) -> AirflowApi:
        """Return Airflow's API, whoever asks."""
        return self._api

    def check(self) -> None:
        """Every part is up."""


@pytest.fixture
def demo() -> Iterator[Demo]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Airflow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack = UpStack(f"http://127.0.0.1:{server.server_port}")
    yield Demo(cast("Stack", stack), cast("Workspace", None))
    server.shutdown()
    server.server_close()


def test_pledges_pulled_by_the_timetable_are_thanked_too(demo: Demo) -> None:
    Airflow.runs = {CONTACTS: {"scheduled": "success"}, THANK_YOU: {"asset": "running"}}
    Airflow.pulled = {"scheduled": 14, "manual": 0}
    assert demo._pull(Known(set(), set())) == [Run(THANK_YOU, "asset")]


def test_a_thank_you_that_an_interrupted_demo_left_is_followed(demo: Demo) -> None:
    Airflow.runs = {CONTACTS: {"earlier": "success"}, THANK_YOU: {"left": "running"}}
    Airflow.pulled = {"manual": 0}
    assert demo._pull(Known({"earlier"}, {"left"})) == [Run(THANK_YOU, "left")]


def test_a_demo_that_finds_everything_taken_follows_nothing(demo: Demo) -> None:
    Airflow.runs = {CONTACTS: {"earlier": "success"}, THANK_YOU: {"ended": "success"}}
    Airflow.pulled = {"manual": 0}
    assert demo._pull(Known({"earlier"}, {"ended"})) == []
