"""The page about writing is held to the program: its components, its fields, its example."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel

from outreach.campaigns import load_campaign
from outreach.frontmatter import ArmForm, FrontMatter, ResourceForm
from outreach.hub import load_hub
from outreach.rendering import compile_campaign
from outreach.rendering.components import COMPONENTS
from outreach.settings import ROOT
from tests.reading_docs import INLINE, fences, section

WRITING = ROOT / "docs" / "writing.md"
CAMPAIGN = next(body for info, body in fences(WRITING) if info == "markdown campaign")
COMPONENT_EXAMPLES = [body for info, body in fences(WRITING) if info == "markdown component"]


def load(tmp_path: Path, text: str) -> str:
    """Load and compile a campaign file; returns its copy. Raises InputError for any fault."""
    (tmp_path / "campaigns").mkdir()
    shutil.copytree(ROOT / "templates" / "assets", tmp_path / "assets")
    path = tmp_path / "campaigns" / "an-example.md"
    path.write_text(text)
    hub = load_hub(ROOT / "hub.yaml")
    compiled = compile_campaign(load_campaign(path, hub), hub, ROOT / "templates" / "layouts")
    return compiled.campaign.body


def test_every_component_has_a_section_with_its_own_example() -> None:
    text = section(WRITING, "Components")
    headings = re.findall(r"^### (\S+)$", text, re.MULTILINE)
    assert sorted(headings) == sorted(COMPONENTS)
    for component in COMPONENTS.values():
        assert f"{component.example}\n" in COMPONENT_EXAMPLES


@pytest.mark.parametrize("example", COMPONENT_EXAMPLES)
def test_every_example_loads(tmp_path: Path, example: str) -> None:
    head, _, _ = CAMPAIGN.partition("---\nDear")
    assert load(tmp_path, f"{head}---\n{example}") == example


def test_the_whole_example_loads(tmp_path: Path) -> None:
    assert load(tmp_path, CAMPAIGN) in CAMPAIGN


@pytest.mark.parametrize("form", [ArmForm, ResourceForm])
def test_every_part_of_a_field_is_named(form: type[BaseModel]) -> None:
    named = set(INLINE.findall(WRITING.read_text()))
    assert form.model_fields.keys() <= named
    assert {"arms", "resources"} <= FrontMatter.model_fields.keys()
