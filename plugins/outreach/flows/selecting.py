"""What decides an audience: a campaign's rule, narrowed or following an edition up, and judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from outreach.campaigns import Campaign, load_library
from outreach.clock import LONDON
from outreach.digest import NOTHING_NEW
from outreach.domain import Following
from outreach.errors import Fault, InputError, Refused
from outreach.flows.journeys import step_of
from outreach.ledger import edition_store
from outreach.ledger.audience import Rule
from outreach.ledger.caps import Cap
from outreach.ledger.engine import reading
from outreach.segments import (
    Happened,
    Segment,
    Vocabulary,
    names_any,
    unknown_names,
    vocabulary_of,
)
from outreach.segments.tree import Expression, Not, both
from outreach.wording import shown_path
from outreach.workspace import Workspace


def rule_of(
    ws: Workspace,
    campaign: Campaign,
    narrow: Segment | None = None,
    follows: Following | None = None,
    *,
    day: date | None = None,
    overdue: bool = False,
) -> Rule:
    """Return what decides a campaign's audience, `narrow` on top of its own segment.

    `day` is the London day for which steps after a pledge must be due (default: today). One that
    `follows` an edition goes to exactly the people it names: neither the campaign's segment, its
    goal nor the limit of emails per person holds any of them back. Raises Refused where nobody
    could be left, or where overdue steps are asked of a campaign that has none; InputError for
    an edition or campaign that does not exist.
    """
    if overdue and campaign.after is None:
        raise Refused(f"{campaign.slug} is no step after a pledge: nothing of it can be overdue")
    limits = ws.hub.limits
    most = limits.emails_per_person
    rule = Rule(
        slug=campaign.slug,
        purpose=campaign.purpose,
        segment=campaign.segment.narrowed(narrow) if narrow else campaign.segment,
        per_pledge=campaign.occasion == "pledge",
        renewals=campaign.renewals,
        goal=campaign.goal,
        capped=campaign.capped,
        cap=Cap(most, limits.in_days) if most else None,
        otherwise=NOTHING_NEW if campaign.digest else "",
    )
    if follows:
        whom = Segment(_followed(follows))
        return replace(rule, segment=whom, per_pledge=False, goal="", capped=False, follows=follows)
    step = step_of(ws, campaign, day or datetime.now(LONDON).date(), overdue=overdue)
    rule = replace(rule, step=step)
    _must_be_known(ws, campaign, rule.segment)
    return rule


def _followed(follows: Following) -> Expression:
    """Whoever was sent it after all, in another try, is not among those who failed."""
    named = Happened(f"{follows.to} in", follows.edition)
    if follows.to == "accepted":
        return named
    return both(named, Not(Happened("sent edition", follows.edition)))


def known_now(ws: Workspace) -> Vocabulary:
    """Return every value that a rule may name at this moment."""
    with reading(ws.engine) as connection:
        editions = edition_store.edition_names(connection)
        campaigns = edition_store.campaign_slugs(connection)
    files = load_library(ws.settings.campaigns, ws.hub).campaigns
    return vocabulary_of(ws.hub).naming(frozenset(editions), {*campaigns, *files})


def _must_be_known(ws: Workspace, campaign: Campaign, segment: Segment) -> None:
    """A name that is mistyped would select nobody; its opposite, everybody."""
    if not names_any(segment.rule):
        return
    file, lines = shown_path(campaign.file), campaign.source.split("\n")
    faults = []
    for name, said in unknown_names(segment.rule, known_now(ws)):
        row = next((n for n, line in enumerate(lines, start=1) if name in line), 0)
        column = str(lines[row - 1].index(name) + 1) if row else ""
        faults.append(Fault(said, file, row, column))
    if faults:
        raise InputError(*faults)
