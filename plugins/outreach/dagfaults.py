"""The DAG of a campaign whose file has faults: it stays, so that what it is sending goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from outreach.campaigns import Campaign, Library
from outreach.dagdocs import schedule_fault
from outreach.domain import Purpose, Segment

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def runnable(library: Library) -> Iterator[tuple[Campaign, tuple[str, ...]]]:
    """Yield every campaign that has a DAG, with the faults that keep it from being prepared.

    A file with faults is stood in for, so that its DAG does not vanish in the middle of a run.
    """
    for campaign in library.campaigns.values():
        if fault := schedule_fault(campaign):
            yield replace(campaign, trigger="manual", timetable=""), (fault,)
        else:
            yield campaign, ()
    for file, faults in library.faults.items():
        slug = Path(file).stem
        if slug not in library.campaigns and _SLUG.fullmatch(slug):
            yield stand_in(slug, Path(file)), tuple(str(fault) for fault in faults)


def stand_in(slug: str, file: Path) -> Campaign:
    """Return what a campaign's DAG is made of while its file has faults."""
    return Campaign(
        slug=slug,
        title=f"{slug} (its file has faults)",
        file=file,
        purpose=Purpose.PUBLIC_TASK,
        sender=None,
        reply_to=None,
        trigger="manual",
        working_days_only=False,
        segment=Segment(),
        occasion="edition",
        renewals=False,
        approval="person",
        approvers=(),
        resources=(),
        arms=(),
        images=(),
        late_after_hours=4,
        layout="",
        body_line=0,
        subject_line=0,
        preview_line=0,
        source="",
        basis_reason="",
        subject="",
        preview="",
        timetable="",
        owner="",
        category="",
        why="",
        body="",
        goal="",
        capped=False,
    )


def faulty(campaign: Campaign, faults: Sequence[str]) -> str:
    """Return the page of a campaign whose file cannot be used."""
    found = "\n".join(f"- {fault}" for fault in faults)
    return f"""
# {campaign.title}

**Nothing new can be prepared** until `{campaign.file.name}` is mended, and its timetable, if it
has one, is switched off. What is being approved or sent already goes on, as it was frozen.

{found}
"""
