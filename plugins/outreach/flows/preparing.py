"""Prepare an edition: select its audience, render its variants, freeze both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from outreach.campaigns import Campaign, load_library
from outreach.clock import LONDON, london
from outreach.domain import Mailbox, Segment
from outreach.errors import Fault, InputError, NotFound, Refused
from outreach.flows.arms import in_arms
from outreach.flows.images import assets_url, kept_images
from outreach.flows.mailboxes import reply_to_mailbox, sender_mailbox
from outreach.ledger import audience, edition_store, freeze
from outreach.ledger.assets import keep_assets
from outreach.ledger.audience import Candidate, Rule
from outreach.ledger.caps import Cap
from outreach.ledger.certificate import certificate
from outreach.ledger.engine import reading
from outreach.ledger.freeze import NewEdition, NewVariant
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.ledger.resend_store import AGAIN
from outreach.providers.base import Content
from outreach.providers.registry import open_provider
from outreach.rendering import (
    MAX_VARIANTS,
    Compiled,
    EditionContext,
    VariantKey,
    compile_campaign,
    frozen,
)
from outreach.wording import shown_path
from outreach.workspace import Workspace

_OCCURRENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` froze, or found frozen already (`created` False)."""

    edition: str
    created: bool
    state: str
    intended: int
    planned: int
    suppressed: dict[str, int]
    excluded: dict[str, int]
    variants: int
    message: str


@dataclass(frozen=True, slots=True)
class _Audience:
    planned: list[PlannedDelivery]
    not_planned: list[Candidate]
    keys: list[VariantKey]


def layouts(ws: Workspace) -> Path:
    """Return the folder of MJML layouts."""
    return ws.settings.root / "templates" / "layouts"


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
    compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    rule = rule_of(ws, campaign, narrow)
    found = _audience(ws, compiled, rule, name, now)
    day = (send_at or due or now).astimezone(LONDON).date()
    context = EditionContext(occurrence, day, assets_url(ws))
    contents = [compiled.render(key, context) for key in found.keys]
    variants = [
        NewVariant(compiled.label(key), frozen.to_json(content), compiled.arm(key))
        for key, content in zip(found.keys, contents, strict=True)
    ]
    new = _new_edition(ws, campaign, rule, occurrence, found, now)
    new = replace(
        new,
        content_hash=freeze.content_hash(new.source_hash, variants),
        created_by=by,
        send_at=send_at,
        late_after=_late(campaign, send_at or due),
        missing=missing_values(compiled, contents, found.planned),
    )
    with ws.engine.begin() as connection:
        edition_id = freeze.freeze(connection, new, variants, found.planned, found.not_planned)
        if edition_id is not None:
            keep_assets(connection, edition_id, kept_images(campaign), now)
            edition_store.note(connection, who=by, via=via, action="prepare", subject=name, at=now)
    return _described(ws, name, created=edition_id is not None)


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
    planned = account.planned
    message = (
        f"{name} is prepared: {planned} of {account.intended} people are to be written to"
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
        excluded=account.excluded_by_reason,
        variants=count,
        message=message,
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


def _audience(ws: Workspace, compiled: Compiled, rule: Rule, name: str, now: datetime) -> _Audience:
    found = _Audience([], [], [])
    places: dict[VariantKey, int] = {}
    with reading(ws.engine) as connection:
        people = audience.select_candidates(connection, rule, name, now)
        for person in in_arms(ws.keys, compiled.campaign.arms, name, people):
            if person.why_not:
                found.not_planned.append(person)
                continue
            key, values = compiled.assess(person.reader)
            if key not in places:
                places[key] = len(places)
                found.keys.append(key)
                if len(places) > MAX_VARIANTS:
                    raise InputError(too_many_variants(compiled))
            found.planned.append(PlannedDelivery.of(person, places[key], values))
    return found


def too_many_variants(compiled: Compiled) -> Fault:
    """Return the fault for copy whose conditions make more variants than can be proofed."""
    return Fault(
        f"its conditions make more than {MAX_VARIANTS} variants, too many to proof. "
        "Ask for fewer fields in {% if %} and {% for %}",
        file=shown_path(compiled.campaign.file),
    )


def _new_edition(
    ws: Workspace,
    campaign: Campaign,
    rule: Rule,
    occurrence: str,
    found: _Audience,
    now: datetime,
) -> NewEdition:
    provider = open_provider(ws.settings.provider, ws.settings)
    batch_size = provider.batch_size
    provider.close()
    reply_to = reply_to_mailbox(ws, campaign.reply_to)
    return NewEdition(
        rule=rule,
        title=campaign.title,
        owner=campaign.owner,
        source=campaign.source,
        source_hash=campaign.content_hash(ws.hub, layouts(ws)),
        occurrence=occurrence,
        name=f"{campaign.slug}@{occurrence}",
        provider=ws.settings.provider,
        batch_size=batch_size,
        sender=_plain(sender_mailbox(ws, campaign.sender)),
        reply_to=_plain(reply_to) if reply_to else None,
        format=frozen.FORMAT,
        content_hash="",
        audience_hash=freeze.audience_hash(found.planned),
        created_by="",
        created_at=now,
        send_at=None,
        late_after=None,
        missing={},
        late_after_hours=campaign.late_after_hours,
    )


def _plain(mailbox: Mailbox) -> dict[str, str]:
    return asdict(mailbox)


def _late(campaign: Campaign, due: datetime | None) -> datetime | None:
    return due + timedelta(hours=campaign.late_after_hours) if due else None


def missing_values(
    compiled: Compiled, contents: Sequence[Content], planned: Sequence[PlannedDelivery]
) -> dict[str, int]:
    """Return, for each printed expression, how many people it is empty for."""
    missing: Counter[str] = Counter()
    for one in planned:
        missing.update(compiled.empty(contents[one.variant], one.values))
    return dict(missing)
