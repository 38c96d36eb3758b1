"""The fields of a campaign file that say when it is sent, and the faults in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.campaigns import load_campaign
from outreach.errors import InputError
from outreach.hub import load_hub
from outreach.scheduling.steps import After
from outreach.scheduling.timetable import DaysOff
from outreach.settings import ROOT

FILE = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
owner: amy
{fields}
---
Dear colleague,
"""
FIRST = 8
"""The line of the first field under test."""

HUB = load_hub(ROOT / "hub.yaml")
BY = "trigger: timetable\n"
STEP = "trigger: after_pledge\nafter_pledge: 7 days\nat: 10:00\n"


def written(folder: Path, fields: str) -> Path:
    file = folder / "news.md"
    file.write_text(FILE.format(fields=fields.strip()))
    return file


@pytest.mark.parametrize(
    ("fields", "timetable", "days_off"),
    [
        (BY + "timetable: every Tuesday 10:00", "every Tuesday 10:00", DaysOff.SEND),
        (BY + 'timetable: "0 10 * * 2"\nworking_days_only: true', "0 10 * * 2", DaysOff.SKIP),
        (
            BY
            + "timetable:\n  - 2026-12-01 10:00\n  - 2026-12-08 10:00:00\nnext_working_day: true",
            "2026-12-01 10:00, 2026-12-08 10:00",
            DaysOff.MOVE,
        ),
        (STEP, "every working day 10:00", DaysOff.SEND),
    ],
)
def test_a_timetable_is_cron_words_or_dates(
    tmp_path: Path, fields: str, timetable: str, days_off: DaysOff
) -> None:
    campaign = load_campaign(written(tmp_path, fields), HUB)
    assert campaign.slots is not None
    assert (campaign.slots.text, campaign.slots.days_off) == (timetable, days_off)


def test_a_step_after_a_pledge_stands_for_that_pledge(tmp_path: Path) -> None:
    fields = STEP + "journey: after-the-pledge\ngoal: renewed\ngrace_working_days: 3"
    campaign = load_campaign(written(tmp_path, fields), HUB)
    assert (campaign.after, campaign.at, campaign.grace) == (After(7), "10:00", 3)
    assert (campaign.occasion, campaign.goal, campaign.capped) == ("pledge", "renewed", False)
    assert load_campaign(written(tmp_path, STEP), HUB).grace == 2


@pytest.mark.parametrize(
    ("fields", "line", "said"),
    [
        (BY, 0, "say when: add timetable: every Tuesday 10:00"),
        (BY + "timetable: every Tusday 10:00", 1, "did you mean “Tuesday”?"),
        (BY + 'timetable: "0 10 31 2 *"', 1, "never comes round"),
        (BY + "timetable: every Sunday 10:00\nworking_days_only: true", 1, "never comes round"),
        (BY + "timetable: [2026-12-01]", 1, "says no time; write 2026-12-01 10:00"),
        (BY + "timetable: [2027-03-28 01:30]", 1, "does not exist or comes twice"),
        ("timetable: every Tuesday 10:00", 0, "needs trigger: timetable"),
        ("next_working_day: true", 0, "needs trigger: timetable"),
        (
            BY + "timetable: every day 10:00\nworking_days_only: true\nnext_working_day: true",
            3,
            "left out or moved, not both",
        ),
        ("trigger: after_pledge", 0, "add after_pledge: 7 days"),
        ("trigger: after_pledge\nafter_pledge: 7 days", 0, 'add at: "10:00"'),
        (STEP.replace("7 days", "a week"), 1, "write 7 days or 5 working days"),
        (STEP.replace("10:00", "10am"), 2, "write it as 09:30 or 14:00"),
        ("after_pledge: 7 days", 0, "needs trigger: after_pledge"),
        ("goal: renewed", 0, "needs trigger: after_pledge"),
        (STEP + "goal: pledged", 3, "write goal: renewed"),
        (STEP + "goal: renewed\nrenewals: true", 3, "keep one of them"),
    ],
)
def test_a_fault_names_its_line_and_what_to_write(
    tmp_path: Path, fields: str, line: int, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_campaign(written(tmp_path, fields), HUB)
    found = [(fault.line - FIRST, fault.message) for fault in caught.value.faults]
    assert any(where == line and said in message for where, message in found), found
