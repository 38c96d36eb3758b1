"""A campaign that has just been started loads, and says what is still to be written."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from outreach.campaigns import load_campaign
from outreach.errors import InputError, Refused
from outreach.flows.authoring import check_files
from outreach.flows.scaffold import MORE, PURPOSES, TRIGGERS, Start, new_campaign
from outreach.frontmatter import Trigger
from outreach.workspace import Workspace

TITLES = (
    "",
    "Summer: news & more",
    'The "new" framework',
    "Isn't it # time?",
    "yes",
    "{{ nothing }}",
    "50% of us",
)


@pytest.fixture
def empty(ws: Workspace, tmp_path: Path) -> Workspace:
    """A deployment with no campaigns yet."""
    return replace(ws, settings=replace(ws.settings, campaigns=(tmp_path / "campaigns",)))


@pytest.mark.parametrize(("trigger", "purpose"), list(product(TRIGGERS, PURPOSES)))
def test_every_start_loads_and_lacks_nothing_but_its_text(
    empty: Workspace, trigger: str, purpose: str
) -> None:
    file = new_campaign(empty, Start("a-test", "A test", trigger, purpose, owner="casey"))
    campaign = load_campaign(file, empty.hub)
    assert (campaign.trigger, campaign.purpose) == (trigger, purpose)
    assert (campaign.title, campaign.owner) == ("A test", "casey")
    found = check_files(empty, "a-test")
    assert len(found) == 6
    for fault in found:
        assert fault.blocking
        assert "still to be written" in fault.message
        assert fault.line


@pytest.mark.parametrize("line", MORE)
def test_what_may_be_switched_on_loads(empty: Workspace, line: str) -> None:
    file = new_campaign(empty, Start("a-test"))
    text = file.read_text()
    file.write_text(text.replace(f"# {line}\n", f"{line}\n"))
    assert file.read_text() != text
    assert load_campaign(file, empty.hub)


@pytest.mark.parametrize("trigger", ["manual", "timetable", "new_resources"])
def test_whom_it_goes_to_may_be_switched_on(empty: Workspace, trigger: str) -> None:
    file = new_campaign(empty, Start("a-test", trigger=trigger))
    text = file.read_text()
    for line in ("segment: >-", "  sector is"):
        text = text.replace(f"# {line}", line)
    file.write_text(text)
    assert load_campaign(file, empty.hub).segment.described() != "everyone"


def test_every_way_to_start_a_campaign_is_offered() -> None:
    assert set(TRIGGERS) == set(get_args(Trigger))


@pytest.mark.parametrize("title", TITLES)
def test_any_title_is_kept_as_it_is(empty: Workspace, title: str) -> None:
    file = new_campaign(empty, Start("a-test", title, subject="Hello: you"))
    campaign = load_campaign(file, empty.hub)
    assert campaign.title == (title or "A test")
    assert campaign.subject == "Hello: you"


def test_a_campaign_that_is_there_is_never_written_over(empty: Workspace) -> None:
    file = new_campaign(empty, Start("a-test"))
    file.write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        new_campaign(empty, Start("a-test"))
    assert file.read_text() == "mine"


@pytest.mark.parametrize("slug", ["Summer News", "../x", "a--b", "", "é", "x" * 61])
def test_a_name_that_cannot_be_is_told_with_one_that_can(empty: Workspace, slug: str) -> None:
    with pytest.raises(InputError, match=r"call it [a-z0-9-]+$"):
        new_campaign(empty, Start(slug))
