"""A dry run: what `prepare` and `check` would find, with nothing kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.campaigns import Campaign
from outreach.checks import Sample, check
from outreach.checks.inbox import measured_slots
from outreach.checks.sizes import slot_bytes
from outreach.clock import LONDON
from outreach.domain import Segment
from outreach.errors import Fault, InputError
from outreach.flows.preparing import (
    find_campaign,
    layouts,
    missing_values,
    rule_of,
    too_many_variants,
)
from outreach.ledger.audience import select_candidates
from outreach.ledger.engine import reading
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.providers.base import Content
from outreach.rendering import MAX_VARIANTS, Compiled, EditionContext, compile_campaign
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would be written to, in how many variants, who would not and why, and the faults."""

    planned: int
    suppressed: dict[str, int]
    variants: int
    faults: tuple[Fault, ...]

    @property
    def message(self) -> str:
        """The counts in words."""
        left_out = "; ".join(f"{why}: {people}" for why, people in sorted(self.suppressed.items()))
        return (
            f"{self.planned} people would be written to, in {self.variants} variant(s)"
            + (f". Not written to: {left_out}" if left_out else "")
            + "".join(f"\n{fault}" for fault in self.faults)
        )


def preview(
    ws: Workspace, slug: str, occurrence: str = "", *, narrow: Segment | None = None
) -> Preview:
    """Count and check an edition of campaign `slug` without making it.

    Raises NotFound, InputError (a fault in the file), Refused (a narrowing that leaves nobody).
    """
    campaign = find_campaign(ws, slug)
    compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    planned, suppressed = _audience(ws, campaign, compiled, f"{slug}@{occurrence}", narrow)
    faults = _check(ws, campaign, compiled, planned, occurrence)
    variants = len({one.variant for one in planned})
    return Preview(len(planned), dict(suppressed), variants, faults)


def _audience(
    ws: Workspace, campaign: Campaign, compiled: Compiled, name: str, narrow: Segment | None
) -> tuple[list[PlannedDelivery], Counter[str]]:
    rule = rule_of(ws, campaign, narrow)
    planned: list[PlannedDelivery] = []
    suppressed: Counter[str] = Counter()
    places: dict[object, int] = {}
    with reading(ws.engine) as connection:
        for person in select_candidates(connection, rule, name, datetime.now(UTC)):
            if person.why_not:
                suppressed[person.why_not] += 1
                continue
            place = places.setdefault(compiled.key(person.reader), len(places))
            planned.append(PlannedDelivery.of(person, place, compiled.values(person.reader)))
    if len(places) > MAX_VARIANTS:
        raise InputError(too_many_variants(compiled))
    return planned, suppressed


def _check(
    ws: Workspace,
    campaign: Campaign,
    compiled: Compiled,
    planned: list[PlannedDelivery],
    occurrence: str,
) -> tuple[Fault, ...]:
    context = EditionContext(occurrence, datetime.now(LONDON).date())
    everyone: dict[int, list[PlannedDelivery]] = {}
    for one in planned:
        everyone.setdefault(one.variant, []).append(one)
    keys = {place: compiled.key(some[0].candidate.reader) for place, some in everyone.items()}
    contents = [compiled.render(keys[place], context) for place in sorted(keys)]
    judged = [
        _sample(place, compiled.label(keys[place]), content, everyone[place])
        for place, content in enumerate(contents)
    ]
    return check(campaign, ws.hub, judged, missing_values(compiled, contents, planned))


def _sample(place: int, label: str, content: Content, people: list[PlannedDelivery]) -> Sample:
    """Return a variant with one reader's values, and those of the readers with the longest."""

    def length(slots: Sequence[int]) -> Callable[[PlannedDelivery], int]:
        return lambda one: sum(len(one.values[slot]) for slot in slots)

    widest = [max(people, key=length(slots)) for slots in measured_slots(content) if slots]
    widest.append(max(people, key=lambda one: slot_bytes(one.values)))
    values = tuple(one.values for one in widest)
    return Sample(place + 1, label, len(people), content, people[0].values, values)
