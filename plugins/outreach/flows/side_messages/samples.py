"""Every variant of a campaign or an edition, as a made-up reader would get it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.campaigns import Campaign
from outreach.checks.readers import by_variant, sample_readers
from outreach.clock import LONDON
from outreach.domain import Mailbox
from outreach.errors import NotFound, OutreachError, Refused
from outreach.flows.images import assets_url, kept_images
from outreach.flows.layouts import layouts
from outreach.flows.mailboxes import reply_to_mailbox, sender_mailbox
from outreach.flows.preparing import find_campaign
from outreach.flows.side_messages.copies import marked, placeholders
from outreach.flows.side_messages.handing import SideMessage
from outreach.ledger import edition_store
from outreach.ledger.assets import keep_assets
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.side_store import SideKind
from outreach.providers.base import Content
from outreach.rendering import Compiled, EditionContext, VariantKey, compile_campaign, frozen
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Shown:
    """One variant with a made-up reader's values. `people`: how many it was made for, or 0."""

    number: int
    label: str
    people: int
    content: Content
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Show:
    """What can be shown of a campaign (`edition_id` None) or an edition, and who it is from."""

    name: str
    campaign: str
    edition_id: int | None
    sender: Mailbox
    reply_to: Mailbox | None
    variants: tuple[Shown, ...]

    def chosen(self, number: int) -> tuple[Shown, ...]:
        """Return variant `number`, or all of them for 0. Raises NotFound."""
        found = tuple(one for one in self.variants if number in (0, one.number))
        if not found:
            raise NotFound(
                f"{self.name} has no variant {number}: it has {len(self.variants)}, from 1"
            )
        return found


def to_colleagues(
    found: Show, one: Shown, colleagues: Iterable[str], *, kind: SideKind, once: str, line: str
) -> Iterator[SideMessage]:
    """Yield one variant to each colleague, marked as what it is, with `line` on top.

    `once`, with the variant and the colleague, names each message for good.
    """
    content = marked(one.content, kind.value.capitalize(), line)
    for colleague in colleagues:
        yield SideMessage(
            kind=kind,
            once=f"{once}:{one.number}:{colleague}",
            colleague=colleague,
            campaign=found.campaign,
            edition_id=found.edition_id,
            variant=one.number,
            content=content,
            values=one.values,
            sender=found.sender,
            reply_to=found.reply_to,
        )


def show(ws: Workspace, name: str) -> Show:
    """Return every variant of a campaign, or of an edition (`campaign@occurrence`).

    Raises NotFound; InputError where the campaign's file has faults; Refused where nothing of
    an edition was made.
    """
    return _edition(ws, name) if "@" in name else _campaign(ws, name)


def show_edition(ws: Workspace, record: EditionRecord) -> Show:
    """Return every frozen variant of an edition, the values of its readers left out."""
    with reading(ws.engine) as connection:
        stored = edition_store.variants(connection, record.id)
    values = _values_by_label(ws, record)
    contents = [frozen.from_json(one.content, one.format) for one in stored]
    variants = tuple(
        Shown(v.number, v.label, v.size, c, placeholders(c, values.get(v.label)))
        for v, c in zip(stored, contents, strict=True)
    )
    return Show(record.name, record.campaign, record.id, record.sender, record.reply_to, variants)


def _edition(ws: Workspace, name: str) -> Show:
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, name)
    found = show_edition(ws, record)
    if not found.variants:
        raise Refused(f"{name} has no variant to show: nobody was left to write to")
    return found


def _campaign(ws: Workspace, slug: str) -> Show:
    campaign = find_campaign(ws, slug)
    compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    with ws.engine.begin() as connection:
        keep_assets(connection, None, kept_images(campaign), datetime.now(UTC))
    today = datetime.now(LONDON).date()
    context = EditionContext(today.isoformat(), today, assets_url(ws))
    variants = tuple(
        Shown(number, compiled.label(key), 0, compiled.render(key, context), values)
        for number, (key, values) in enumerate(_by_key(ws, compiled).items(), start=1)
    )
    sender, reply_to = _mailboxes(ws, campaign)
    return Show(slug, slug, None, sender, reply_to, variants)


def _mailboxes(ws: Workspace, campaign: Campaign) -> tuple[Mailbox, Mailbox | None]:
    return sender_mailbox(ws, campaign.sender), reply_to_mailbox(ws, campaign.reply_to)


def _by_key(ws: Workspace, compiled: Compiled) -> dict[VariantKey, tuple[str, ...]]:
    found = by_variant(compiled, sample_readers(ws.hub))
    return {key: compiled.values(reader) for key, reader in found.items()}


def _values_by_label(ws: Workspace, record: EditionRecord) -> dict[str, tuple[str, ...]]:
    """Return made-up values by variant; none where the file is not what was frozen any more."""
    try:
        campaign = find_campaign(ws, record.campaign)
        if campaign.content_hash(ws.hub, layouts(ws)) != record.source_hash:
            return {}
        compiled = compile_campaign(campaign, ws.hub, layouts(ws))
        return {compiled.label(key): values for key, values in _by_key(ws, compiled).items()}
    except OutreachError:
        return {}
