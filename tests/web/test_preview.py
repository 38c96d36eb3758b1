"""The live preview: it follows the files, keeps what was good, and is nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.rendering.test_images import PNG

from outreach.errors import NotFound
from outreach.settings import ROOT
from outreach.web.preview.app import create_preview_app, in_frame
from outreach.web.preview.live import Live
from outreach.workspace import Workspace

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News for {{ contact.first_name or 'you' }}
preview: What is new.
owner: amy
segment:
  sectors: [SECTOR]
---
Dear {{ contact.first_name or 'colleague' }},

# News

{% if contact.pledged %}
Thank you for your pledge to make primary care a better place to work.
{% else %}
Will you sign our pledge to make primary care a better place to work?
{% endif %}

![A map](assets/map.png)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A campaign's file that shows an image, for a sector that nobody works in."""
    for folder in ("assets", "campaigns"):
        (tmp_path / folder).mkdir()
    (tmp_path / "assets" / "map.png").write_bytes(PNG)
    path = tmp_path / "campaigns" / "news.md"
    path.write_text(CAMPAIGN.replace("SECTOR", "Optometry"))
    return path


@pytest.fixture
def mine(ws: Workspace, file: Path) -> Workspace:
    """A deployment that has that campaign alone."""
    return replace(ws, settings=replace(ws.settings, campaigns=(file.parent,)))


def asked(live: Live, path: str = "/key/state", **headers: str) -> tuple[int, str]:
    client = TestClient(
        create_preview_app(live, ROOT, "key", 4000), base_url="http://127.0.0.1:4000"
    )
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.text


def test_every_variant_is_shown_with_its_people_and_a_reader(mine: Workspace, file: Path) -> None:
    live = Live(mine, "news")
    live.refresh()
    assert live.good
    assert {c.people for c in live.good.choices} == {0} or len(live.good.choices) >= 1
    file.write_text(CAMPAIGN.replace("  sectors: [SECTOR]\n", "  pledged: true\n"))
    live.refresh()
    assert live.good
    assert [c.label for c in live.good.choices] == ["has pledged"]
    assert live.good.choices[0].people > 0


def test_a_change_of_a_file_is_shown_and_a_broken_one_keeps_what_was_good(
    mine: Workspace, file: Path
) -> None:
    live = Live(mine, "news", "sample")
    first = live.refresh()
    assert live.refresh() == first
    file.write_text(CAMPAIGN.replace("SECTOR", "Optometry").replace("# News", "# More news"))
    assert live.refresh() == first + 1
    shown = live.shown(1)
    assert shown
    assert "More news" in shown.text
    assert "data:image/png;base64," in shown.html
    file.write_text(CAMPAIGN.replace("SECTOR", "Optometry").replace("first_name", "frist_name"))
    live.refresh()
    assert live.broken
    assert live.faults[0].line == 5
    assert live.shown(1) == shown
    (file.parent.parent / "assets" / "map.png").unlink()
    file.write_text(CAMPAIGN.replace("SECTOR", "Optometry"))
    live.refresh()
    assert "there is no map.png" in live.faults[0].message


def test_a_file_broken_from_the_start_shows_its_faults(mine: Workspace, file: Path) -> None:
    file.write_text("---\ntitle: x\n")
    live = Live(mine, "news")
    status, told = asked(live)
    assert status == 200
    assert '"broken":true' in told
    assert live.shown(1) is None


def test_the_reader_may_be_a_made_up_one_or_a_contact(mine: Workspace) -> None:
    for who, name in (("sample", "Amina"), ("unknown", "colleague")):
        live = Live(mine, "news", who)
        live.refresh()
        shown = live.shown(1)
        assert shown
        assert f"Dear {name}," in shown.text
    for who in ("nobody@example.org", "nonsense"):
        with pytest.raises(NotFound):
            Live(mine, "news", who)


def test_the_page_is_for_this_machine_and_this_address_only(mine: Workspace) -> None:
    live = Live(mine, "news", "sample")
    for path in ("/key/", "/key/preview.js", "/key/state"):
        assert asked(live, path)[0] == 200
        assert asked(live, path, host="evil.example")[0] == 403
        assert asked(live, path, host="127.0.0.1:9")[0] == 403
        assert asked(live, path, origin="https://evil.example")[0] == 403
        assert asked(live, path, **{"sec-fetch-site": "cross-site"})[0] == 403
        assert asked(live, path.replace("key", "guess"))[0] == 404
    page = asked(live, "/key/")[1]
    assert re.search(r'<iframe id="email" sandbox=""', page)


def test_what_is_known_already_is_not_sent_again(mine: Workspace) -> None:
    live = Live(mine, "news", "sample")
    version = live.refresh()
    assert asked(live, f"/key/state?known={version}")[0] == 204
    assert asked(live, f"/key/state?known={version}&dark=true")[0] == 204


def test_a_message_is_shown_in_the_scheme_asked_for_and_without_images() -> None:
    document = "<head></head>@media (prefers-color-scheme: dark) {}"
    assert "@media all {}" in in_frame(document, dark=True, images=True)
    light = in_frame(document, dark=False, images=False)
    assert "@media not all {}" in light
    assert "img-src 'none'" in light
