"""Layouts: a pair of files, and how their faults are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.rendering.conftest import EDITION, LAYOUTS, Write

from outreach.errors import InputError
from outreach.hub import Hub
from outreach.rendering import compile_campaign


def test_a_misspelt_layout_is_told_the_right_name(hub: Hub, write: Write) -> None:
    campaign = replace(write("Hello"), layout="standrad")
    with pytest.raises(InputError, match="did you mean “standard”"):
        compile_campaign(campaign, hub, LAYOUTS)


@pytest.mark.parametrize(
    ("mjml", "says"),
    [
        ("<mjml><mj-body>", "MJML cannot read this layout"),
        ("{{ campaign.title }}", "this layout cannot be filled"),
        ("{% if %}", "this layout cannot be read"),
    ],
)
def test_a_broken_layout_names_itself(
    hub: Hub, write: Write, tmp_path: Path, mjml: str, says: str
) -> None:
    (tmp_path / "standard.mjml").write_text(mjml)
    (tmp_path / "standard.txt").write_text("{{ body }}")
    with pytest.raises(InputError, match=says) as caught:
        compile_campaign(write("Hello"), hub, tmp_path).render((), EDITION)
    assert "standard.mjml" in str(caught.value)
