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
def guards(person: Person) -> Guards:
    """Guards that answer as Airflow's do: 401 for nobody, 403 for who may not act."""

    def read() -> None:
        if not person.name:
            raise HTTPException(401, "Not authenticated")

    def act() -> None:
        read()
        if not person.may_act:
            raise HTTPException(403, "Forbidden")

    return Guards(
        read=read, act=act, who=lambda _request: person.name, may=lambda _request: person.may_act
    )


@pytest.fixture
def staff(ws: Workspace, guards: Guards) -> FastAPI:
    """The staff app itself."""
    return create_staff_app(lambda: ws, guards, lambda: ["OUTREACH_FROM is not set"])


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
