"""Prepare an edition: select its audience, render its variants, freeze both."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from outreach.campaigns import Campaign, load_library
from outreach.clock import LONDON, london
from outreach.digest import NOTHING_NEW, NOTHING_NEW_FOR_ANYBODY
from outreach.domain import Segment
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.freezing import Order, freeze_once
from outreach.ledger import edition_store, freeze
from outreach.ledger.audience import Rule
from outreach.ledger.caps import Cap
from outreach.ledger.certificate import certificate
from outreach.ledger.engine import reading
from outreach.ledger.resend_store import AGAIN
from outreach.workspace import Workspace

NOBODY = "there is nobody to write to"
_TRIES = 3
"""How often an audience is read before a digest gives way to others."""

_OCCURRENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` froze, or found frozen already (`created` False).

    `nobody` is what to say where `planned` is 0.
    """

    edition: str
    created: bool
    state: str
    intended: int
    planned: int
    suppressed: dict[str, int]
    excluded: dict[str, int]
    variants: int
    message: str
    nobody: str = NOBODY


def find_campaign(ws: Workspace, slug: str) -> Campaign:
    """Return the campaign called `slug`.

    Raises InputError with its faults where its file is broken, NotFound where there is none.
    """
    library = load_library(ws.settings.campaigns, ws.hub)
    if slug in library.campaigns:
        return library.campaigns[slug]
    for file, faults in library.faults.items():
        if Path(file).stem == slug:
            raise InputError(*faults)
    known = ", ".join(sorted(library.campaigns)) or "none yet"
    raise NotFound(f"there is no campaign {slug!r}. Campaigns: {known}")


def prepare(
    ws: Workspace,
    slug: str,
    occurrence: str = "",
    *,
    by: str,
    via: str,
    send_at: datetime | None = None,
    narrow: Segment | None = None,
    due: datetime | None = None,
) -> Prepared:
    """Freeze an edition of campaign `slug` at `occurrence` (default: today's London date).

    The same occurrence again changes nothing and says so. `narrow` can only take people away.
    `due` is when it should go (a timetable's slot); without it, it is never too late.
    Raises NotFound, InputError (a fault in the file), Refused.
    """
    now = datetime.now(UTC)
    campaign = find_campaign(ws, slug)
    occurrence = _named(occurrence, now)
    name = f"{slug}@{occurrence}"
    with reading(ws.engine) as connection:
        known = freeze.exists(connection, name)
    if known:
        return _described(ws, name, created=False)
    if send_at and send_at < now:
        raise InputError(f"{london(send_at)} has passed; choose a time to come, or none")
    rule = rule_of(ws, campaign, narrow)
    order = Order(occurrence, by, via, now, send_at, due)
    for _ in range(_TRIES):
        with contextlib.suppress(freeze.Overtaken):
            created = freeze_once(ws, campaign, rule, order)
            return _described(ws, name, created=created)
    raise Refused("other digests are being prepared at this moment; prepare this one again")


def _named(occurrence: str, now: datetime) -> str:
    """Return the occurrence meant: today's London date where none is named."""
    named = occurrence or f"{now.astimezone(LONDON):%Y-%m-%d}"
    if not _OCCURRENCE.fullmatch(named):
        raise InputError("an occurrence is up to 64 letters, digits and . _ : + -, as 2026-11-23")
    if AGAIN in named:
        raise InputError(
            f"an occurrence with {AGAIN} in it is a resend, which `outreach resend` makes of "
            "deliveries that were settled as not sent; name a new edition otherwise"
        )
    return named


def _described(ws: Workspace, name: str, *, created: bool) -> Prepared:
    with reading(ws.engine) as connection:
        account = certificate(connection, name)
        count = len(edition_store.variants(connection, edition_store.get(connection, name).id))
    planned, excluded = account.planned, account.excluded_by_reason
    nothing_new = NOTHING_NEW in excluded and not planned
    nobody = NOTHING_NEW_FOR_ANYBODY if nothing_new else NOBODY
    message = (
        f"{name} is prepared: "
        + (
            f"{planned} of {account.intended} people are to be written to"
            if not nothing_new
            else nobody
        )
        if created
        else f"{name} exists already ({account.state}): nothing was changed, and no one gets it "
        "twice. Name another occurrence for a new edition"
    )
    return Prepared(
        edition=name,
        created=created,
        state=account.state,
        intended=account.intended,
        planned=planned,
        suppressed=account.reasons.get("suppressed", {}),
        excluded=excluded,
        variants=count,
        message=message,
        nobody=nobody,
    )


def rule_of(ws: Workspace, campaign: Campaign, narrow: Segment | None) -> Rule:
    """Return what decides a campaign's audience, `narrow` on top of its own segment."""
    limits = ws.hub.limits
    most = limits.emails_per_person
    return Rule(
        slug=campaign.slug,
        purpose=campaign.purpose,
        segment=narrowed(campaign.segment, narrow) if narrow else campaign.segment,
        per_pledge=campaign.occasion == "pledge",
        renewals=campaign.renewals,
        goal=campaign.goal,
        capped=campaign.capped,
        cap=Cap(most, limits.in_days) if most else None,
        otherwise=NOTHING_NEW if campaign.digest else "",
    )


def narrowed(segment: Segment, narrow: Segment) -> Segment:
    """Return `segment` with the rules of `narrow` on top: nobody can be added.

    Raises Refused where nobody could be left.
    """

    def both(name: str, had: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
        if not had or not wanted:
            return had or wanted
        kept = tuple(value for value in wanted if value in had)
        if not kept:
            raise Refused(f"the campaign's {name} rule leaves nobody of {', '.join(wanted)}")
        return kept

    if narrow.pledged is not None and segment.pledged not in (None, narrow.pledged):
        raise Refused("the campaign's pledge rule is the opposite of the narrower one")
    days = [d for d in (segment.pledged_within_days, narrow.pledged_within_days) if d is not None]
    return Segment(
        sectors=both("sector", segment.sectors, narrow.sectors),
        ics_areas=both("area", segment.ics_areas, narrow.ics_areas),
        boroughs=both("borough", segment.boroughs, narrow.boroughs),
        job_roles=both("role", segment.job_roles, narrow.job_roles),
        pledged=narrow.pledged if narrow.pledged is not None else segment.pledged,
        pledged_within_days=min(days) if days else None,
    )
