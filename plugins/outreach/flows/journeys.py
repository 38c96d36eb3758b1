"""Steps after a pledge: each is a campaign of its own, tied to the others by its journey."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from outreach.campaigns import load_library
from outreach.scheduling.steps import Step

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.workspace import Workspace


def step_of(ws: Workspace, campaign: Campaign, day: date, *, overdue: bool) -> Step | None:
    """Return which pledges a campaign's step is for on `day`; None where it is no step."""
    if campaign.after is None:
        return None
    alone = Step(campaign.after, day, campaign.grace, overdue)
    if not campaign.journey:
        return alone
    others = load_library(ws.settings.campaigns, ws.hub).campaigns.values()
    following = _following(alone, campaign, others)
    if following is None or following.after is None:
        return alone
    return Step(
        campaign.after, day, campaign.grace, overdue, following.after, following.after.words
    )


def steps_of(journey: str, campaigns: Iterable[Campaign]) -> tuple[Campaign, ...]:
    """Return the campaigns of a journey, in the order of their steps."""
    found = [one for one in campaigns if journey and one.journey == journey and one.after]
    return tuple(sorted(found, key=lambda one: (_days(one), one.slug)))


def _days(campaign: Campaign) -> float:
    """About how many days after the pledge: five working days are a week."""
    after = campaign.after
    return 0 if after is None else after.days * (1.4 if after.working else 1)


def _following(step: Step, campaign: Campaign, others: Iterable[Campaign]) -> Campaign | None:
    """Return the next step of the journey: of those that fall later, the one that does first."""
    mine = step.after.last_pledged(step.day)
    later = [
        (one.after.last_pledged(step.day), one)
        for one in steps_of(campaign.journey, others)
        if one.after and one.slug != campaign.slug
    ]
    earlier_pledges = [(pledged, one) for pledged, one in later if pledged < mine]
    return max(earlier_pledges, key=lambda found: found[0], default=(None, None))[1]
