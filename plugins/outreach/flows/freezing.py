"""Freeze one edition: read its audience, sort it into variants, render them, write it down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from outreach.campaigns import Campaign
from outreach.clock import LONDON
from outreach.domain import Mailbox
from outreach.flows.arms import people_in_arms
from outreach.flows.assorting import Assortment, assortment
from outreach.flows.images import assets_url, kept_images
from outreach.flows.layouts import layouts
from outreach.flows.mailboxes import reply_to_mailbox, sender_mailbox
from outreach.ledger import digests, edition_store, freeze
from outreach.ledger.assets import keep_assets
from outreach.ledger.audience import Candidate, Rule
from outreach.ledger.engine import reading
from outreach.ledger.freeze import NewEdition
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.providers.registry import open_provider
from outreach.rendering import EditionContext, frozen
from outreach.scheduling.steps import Step
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Audience:
    planned: list[PlannedDelivery]
    not_planned: list[Candidate]
    sorted: Assortment
    carrying: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants which edition prepared, when, and for when."""

    occurrence: str
    by: str
    via: str
    now: datetime
    send_at: datetime | None
    due: datetime | None


class NothingDue(Exception):
    """No pledge has come to the campaign's step."""

    def __init__(self, step: Step) -> None:
        super().__init__("no step is due")
        self.step = step


def freeze_once(ws: Workspace, campaign: Campaign, rule: Rule, order: Order) -> bool:
    """Read the audience, render its variants and freeze both; False where it was done before.

    Raises freeze.Overtaken where another digest took what this one was to bring, and NothingDue.
    """
    name = f"{campaign.slug}@{order.occurrence}"
    found = _audience(ws, campaign, rule, name, order.now)
    if rule.step and not found.planned and not found.not_planned:
        raise NothingDue(rule.step)
    day = (order.send_at or order.due or order.now).astimezone(LONDON).date()
    contents = found.sorted.contents(EditionContext(order.occurrence, day, assets_url(ws)))
    variants = found.sorted.frozen(contents)
    new = _new_edition(ws, campaign, rule, order.occurrence, found, order.now)
    new = replace(
        new,
        content_hash=freeze.content_hash(new.source_hash, variants),
        created_by=order.by,
        send_at=order.send_at,
        late_after=_late(campaign, order.send_at or order.due),
        missing=found.sorted.missing(contents, found.planned),
    )
    with ws.engine.begin() as connection:
        edition_id = freeze.freeze(connection, new, variants, found.planned, found.not_planned)
        if edition_id is None:
            return False
        keep_assets(connection, edition_id, kept_images(campaign), order.now)
        edition_store.note(
            connection,
            who=order.by,
            via=order.via,
            action="prepare",
            subject=name,
            at=order.now,
        )
    return True


def _audience(ws: Workspace, campaign: Campaign, rule: Rule, name: str, now: datetime) -> _Audience:
    with reading(ws.engine) as connection:
        # Before what was told is read: what comes in between shows when this is frozen.
        carrying = digests.newest_carrying(connection) if campaign.digest else None
        found = _Audience([], [], assortment(ws, connection, campaign, now), carrying)
        for person in people_in_arms(ws, connection, campaign, rule, name, now):
            listed = found.sorted.brings(person)
            if listed is None:
                continue
            if person.why_not:
                found.not_planned.append(person)
            else:
                found.planned.append(found.sorted.place(person, listed))
    return found


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
        carrying=found.carrying,
    )


def _plain(mailbox: Mailbox) -> dict[str, str]:
    return asdict(mailbox)


def _late(campaign: Campaign, due: datetime | None) -> datetime | None:
    return due + timedelta(hours=campaign.late_after_hours) if due else None
