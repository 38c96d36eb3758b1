"""A dry run: what `prepare` and `check` would find, with nothing kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.campaigns import Campaign
from outreach.clock import LONDON
from outreach.domain import Segment
from outreach.errors import Fault, InputError
from outreach.flows.arms import in_arms
from outreach.flows.images import assets_url
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
from outreach.rendering import MAX_VARIANTS, Compiled, EditionContext, compile_campaign
from outreach.rendering.checks import check
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
        people = select_candidates(connection, rule, name, datetime.now(UTC))
        for person in in_arms(ws.keys, campaign.arms, name, people):
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
    context = EditionContext(occurrence, datetime.now(LONDON).date(), assets_url(ws))
    samples = {one.variant: one for one in reversed(planned)}
    keys = {place: compiled.key(one.candidate.reader) for place, one in samples.items()}
    contents = [compiled.render(keys[place], context) for place in sorted(keys)]
    judged = [
        (compiled.label(keys[place]), content, samples[place].values)
        for place, content in enumerate(contents)
    ]
    return tuple(check(campaign, ws.hub, judged, missing_values(compiled, contents, planned)))
