"""The page about scheduling says what is true: each timetable, each field, the examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from outreach.campaigns import load_campaign
from outreach.hub import load_hub
from outreach.scheduling.closingform import FreezeForm, QuietHoursForm
from outreach.scheduling.steps import After
from outreach.scheduling.timetable import Timetable
from outreach.scheduling.words import EXAMPLES
from outreach.settings import ROOT
from tests.reading_docs import fences, section

PAGE = ROOT / "docs" / "scheduling.md"
ROWS = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section(PAGE, "Timetables"), re.MULTILINE)


@pytest.mark.parametrize(("text", "words"), ROWS)
def test_each_timetable_comes_round_when_the_page_says(text: str, words: str) -> None:
    timetable = Timetable(text)
    assert timetable.problem() == ""
    assert timetable.in_words() == f"{words}, London time"


def test_every_kind_of_timetable_is_on_the_page() -> None:
    assert {text for text, _ in ROWS} >= {*EXAMPLES}


def test_the_example_of_a_journey_is_a_campaign(tmp_path: Path) -> None:
    (source,) = [body for info, body in fences(PAGE) if info.endswith("campaign")]
    (tmp_path / "step.md").write_text(source)
    assert load_campaign(tmp_path / "step.md", load_hub(ROOT / "hub.yaml")).after == After(7)


def test_the_example_of_quiet_hours_and_freezes_can_be_used(tmp_path: Path) -> None:
    (source,) = [body for info, body in fences(PAGE) if info.endswith("hub")]
    file = tmp_path / "hub.yaml"
    file.write_text(f"{(ROOT / 'hub.yaml').read_text()}\n{source}")
    closings = load_hub(file).closings
    assert closings.quiet_hours
    assert [freeze.reason for freeze in closings.freezes] == ["pre-election period"]
    said = section(PAGE, "Quiet hours and freezes")
    for form in (QuietHoursForm, FreezeForm):
        names = [field.alias or name for name, field in form.model_fields.items()]
        assert [name for name in names if f"`{name}" not in said] == []
    assert set(yaml.safe_load(source)) == {"quiet_hours", "freezes"}
