"""The staff app over a small real ledger, with guards that a test can set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from tests.staff_seed import seed

from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.settings import ROOT, Settings
from outreach.web.staff.app import Guards, create_staff_app
from outreach.workspace import Workspace


@dataclass
class Person:
    """Who is logged in: nobody, a viewer, or somebody who may act."""

    name: str = "amy"
    may_act: bool = True


class OneApp:
    """The staff app, made once: which ledger it shows and who is logged in, each test says."""

    def __init__(self) -> None:
        self.ws: Workspace | None = None
        self.person = Person()
        self.guards = Guards(
            read=self._read,
            act=self._act,
            who=lambda _request: self.person.name,
            may=lambda _request: self.person.may_act,
        )
        warnings = ["OUTREACH_FROM is not set"]
        self.app = create_staff_app(self._workspace, self.guards, lambda: warnings)

    def _workspace(self) -> Workspace:
        assert self.ws is not None
        return self.ws

    def _read(self) -> None:
        """Answer as Airflow does: 401 for nobody."""
        if not self.person.name:
            raise HTTPException(401, "Not authenticated")

    def _act(self) -> None:
        """And 403 for whoever may not act."""
        self._read()
        if not self.person.may_act:
            raise HTTPException(403, "Forbidden")


@pytest.fixture(scope="session")
def one_app() -> OneApp:
    """The staff app for all tests."""
    return OneApp()


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine) -> Workspace:
    """A workspace over the seeded ledger, on both databases."""
    seed(engine, keys)
    return Workspace(settings, keys, load_hub(ROOT / "hub.yaml"), engine)


@pytest.fixture
def with_campaigns(ws: Workspace) -> Callable[..., Workspace]:
    """Make a workspace that reads its campaigns from these folders."""
    return lambda *folders: replace(ws, settings=replace(ws.settings, campaigns=folders))


@pytest.fixture
def person() -> Person:
    """The person who is logged in; a test may change them."""
    return Person()


@pytest.fixture
def guards(one_app: OneApp, person: Person) -> Guards:
    """The guards of the staff app, which look at who is logged in."""
    one_app.person = person
    return one_app.guards


@pytest.fixture
def staff(one_app: OneApp, ws: Workspace, guards: Guards) -> FastAPI:
    """The staff app itself, over this test's own ledger."""
    assert guards is one_app.guards
    one_app.ws = ws
    return one_app.app


@pytest.fixture
def client(staff: FastAPI) -> Iterator[TestClient]:
    """A browser's view of the staff app, mounted under /outreach as Airflow mounts it."""
    outer = FastAPI()
    outer.mount("/outreach", staff)
    with TestClient(outer, base_url="http://airflow.example.org/outreach/") as found:
        yield found


@pytest.fixture
def broken_campaigns(tmp_path: Path) -> Path:
    """A folder with one campaign file that cannot be read."""
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "broken.md").write_text("---\ntitle: Broken\npurpos: public_task\n---\nHello\n")
    return folder
