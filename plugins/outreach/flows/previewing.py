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
from outreach.domain import Following
from outreach.errors import Fault
from outreach.flows.arms import people_in_arms
from outreach.flows.assorting import Assortment, assortment
from outreach.flows.images import assets_url
from outreach.flows.preparing import find_campaign
from outreach.flows.selecting import rule_of
from outreach.ledger.audience import Rule
from outreach.ledger.engine import reading
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.providers.base import Content
from outreach.rendering import EditionContext
from outreach.segments import Segment
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
    ws: Workspace,
    slug: str,
    occurrence: str = "",
    *,
    narrow: Segment | None = None,
    overdue: bool = False,
    follows: Following | None = None,
) -> Preview:
    """Count and check an edition of campaign `slug` without making it.

    Raises NotFound, InputError (a fault in the file), Refused (a narrowing that leaves nobody).
    """
    campaign = find_campaign(ws, slug)
    rule = rule_of(ws, campaign, narrow, follows, overdue=overdue)
    found, planned, suppressed = _audience(ws, campaign, rule, f"{slug}@{occurrence}")
    faults = _check(ws, campaign, found, planned, occurrence)
    return Preview(len(planned), dict(suppressed), len(found.kinds), faults)


def _audience(
    ws: Workspace, campaign: Campaign, rule: Rule, name: str
) -> tuple[Assortment, list[PlannedDelivery], Counter[str]]:
    now = datetime.now(UTC)
    planned: list[PlannedDelivery] = []
    suppressed: Counter[str] = Counter()
    with reading(ws.engine) as connection:
        found = assortment(ws, connection, campaign, now)
        for person in people_in_arms(ws, connection, campaign, rule, name, now):
            listed = found.brings(person)
            if listed is None:
                suppressed[rule.otherwise] += 1
            elif person.why_not:
                suppressed[person.why_not] += 1
            else:
                planned.append(found.place(person, listed))
    return found, planned, suppressed


def _check(
    ws: Workspace,
    campaign: Campaign,
    found: Assortment,
    planned: list[PlannedDelivery],
    occurrence: str,
) -> tuple[Fault, ...]:
    context = EditionContext(occurrence, datetime.now(LONDON).date(), assets_url(ws))
    contents = found.contents(context)
    everyone: dict[int, list[PlannedDelivery]] = {}
    for one in planned:
        everyone.setdefault(one.variant, []).append(one)
    judged = [
        _sample(place, kind.label, contents[place], everyone[place])
        for place, kind in enumerate(found.kinds)
    ]
    return check(campaign, ws.hub, judged, found.missing(contents, planned))


def _sample(place: int, label: str, content: Content, people: list[PlannedDelivery]) -> Sample:
    """Return a variant with one reader's values, and those of the readers with the longest."""

    def length(slots: Sequence[int]) -> Callable[[PlannedDelivery], int]:
        return lambda one: sum(len(one.values[slot]) for slot in slots)

    widest = [max(people, key=length(slots)) for slots in measured_slots(content) if slots]
    widest.append(max(people, key=lambda one: slot_bytes(one.values)))
    values = tuple(one.values for one in widest)
    return Sample(place + 1, label, len(people), content, people[0].values, values)
