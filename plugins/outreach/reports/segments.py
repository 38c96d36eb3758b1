"""A segment as people read it: its words, whom it selects now, why the others are left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.domain import Purpose
from outreach.ledger import segment_counts
from outreach.ledger.audience import Rule
from outreach.ledger.engine import reading
from outreach.ledger.segment_counts import SampleRow, Tally
from outreach.segments import Problem, Segment, read

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.workspace import Workspace

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One person of a sample, with the opaque id that their page goes by."""

    id: str
    row: SampleRow


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a rule selects now. `purpose` is None where any purpose was asked for."""

    text: str
    words: str
    purpose: Purpose | None
    tally: Tally
    sample: tuple[SampleLine, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """A problem of a rule with the text around it: what stands before, at and after it."""

    problem: Problem
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a rule that somebody typed: whom it selects, or what is wrong with it."""

    text: str
    whom: Whom | None
    marks: tuple[Mark, ...]


def of_campaign(ws: Workspace, found: Campaign) -> Whom:
    """Return whom a campaign selects now. Raises InputError, Refused as preparing it would."""
    from outreach.flows.selecting import rule_of

    return _whom(ws, rule_of(ws, found), found.purpose)


def is_large(ws: Workspace) -> bool:
    """Whether there are so many contacts that counting them takes a while."""
    with reading(ws.engine) as connection:
        return segment_counts.is_large(connection)


def tried(ws: Workspace, text: str) -> Tried:
    """Return whom a typed rule selects now, for any purpose, or its problems."""
    from outreach.flows.selecting import known_now

    found = read(text, known_now(ws))
    if found.problems or found.rule is None:
        return Tried(text, None, tuple(_mark(text, one) for one in found.problems))
    rule = Rule("", Purpose.PUBLIC_TASK, Segment(found.rule))
    return Tried(text, _whom(ws, rule, None), ())


def _mark(text: str, one: Problem) -> Mark:
    end = one.at + one.length
    return Mark(one, text[: one.at], text[one.at : end], text[end:])


def _whom(ws: Workspace, rule: Rule, purpose: Purpose | None) -> Whom:
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        counted = segment_counts.tally(connection, rule, purpose, now)
        rows = segment_counts.sample(connection, rule, purpose, now, SAMPLE)
    ids = ws.keys.person_ids(row.id for row in rows)
    lines = tuple(SampleLine(one, row) for one, row in zip(ids, rows, strict=True))
    segment = rule.segment
    return Whom(segment.text(), segment.described(), purpose, counted, lines, now)
