"""The images of an edition: kept with it, served for as long, and never changed by an edit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from outreach.flows import editions
from outreach.ledger.assets import asset, edition_asset, find_asset, thin_assets
from outreach.ledger.editions import delivery, edition, variant
from outreach.web.public.app import create_public_app
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact
from tests.rendering.test_images import PNG

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
owner: amy
approval: standing
---
Dear {{ contact.first_name or 'colleague' }},

![A map of the five areas](assets/map.png)
"""


@pytest.fixture
def written(ws: Workspace, tmp_path: Path) -> Workspace:
    """A deployment with one campaign that shows an image, and one person."""
    for folder in ("assets", "campaigns"):
        (tmp_path / folder).mkdir()
    (tmp_path / "assets" / "map.png").write_bytes(PNG)
    (tmp_path / "campaigns" / "news.md").write_text(CAMPAIGN)
    with ws.engine.begin() as connection:
        add_contact(connection, ws.keys, "ada@example.org")
    return replace(ws, settings=replace(ws.settings, campaigns=(tmp_path / "campaigns",)))


def prepared(ws: Workspace, occurrence: str) -> None:
    editions.prepare(ws, "news", occurrence, by="amy", via="test")


def names(ws: Workspace) -> list[str]:
    with ws.engine.connect() as connection:
        return list(connection.execute(sa.select(asset.c.name).order_by(asset.c.id)).scalars())


def test_an_edition_keeps_its_image_and_the_public_app_serves_it(written: Workspace) -> None:
    prepared(written, "one")
    prepared(written, "two")
    (name,) = names(written)
    with written.engine.connect() as connection:
        content = connection.execute(sa.select(variant.c.content).limit(1)).scalar_one()
    assert f"{written.settings.public_url}/assets/{name}" in str(content)
    client = TestClient(create_public_app(written))
    answer = client.get(f"/assets/{name}")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert client.head(f"/assets/{name}").status_code == 200
    for wrong in ("0" * 32 + ".png", "map.png", "..%2Fhub.yaml", name.replace(".png", ".svg")):
        assert client.get(f"/assets/{wrong}").status_code == 404


def test_an_image_edited_later_changes_no_edition_and_voids_a_standing_approval(
    written: Workspace, tmp_path: Path
) -> None:
    prepared(written, "one")
    editions.approve(written, "news@one", by="lee", via="airflow")
    assert editions.approval_request(written, "news@one").standing
    (tmp_path / "assets" / "map.png").write_bytes(PNG + b"new")
    prepared(written, "two")
    assert not editions.approval_request(written, "news@two").standing
    assert len(names(written)) == 2
    with written.engine.connect() as connection:
        assert find_asset(connection, names(written)[0]) == ("image/png", PNG)


def test_an_image_goes_when_no_kept_edition_shows_it(written: Workspace, tmp_path: Path) -> None:
    prepared(written, "one")
    (tmp_path / "assets" / "map.png").write_bytes(PNG + b"new")
    prepared(written, "two")
    later = datetime.now(UTC) + timedelta(days=1)
    one = sa.select(edition.c.id).where(edition.c.name == "news@one").scalar_subquery()
    assert thin_assets(written.engine, later) == 0
    with written.engine.begin() as connection:
        connection.execute(sa.update(edition).values(state="sent", finished_at=datetime.now(UTC)))
        gone = sa.update(delivery).where(delivery.c.edition_id == one)
        connection.execute(gone.values(email=None))
    assert thin_assets(written.engine, later) == 1
    assert len(names(written)) == 1
    with written.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(edition_asset)).scalar()
