"""What an author does before there is an edition: check, preview, test-send."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from outreach.campaigns import Campaign, load_library
from outreach.clock import LONDON
from outreach.domain import Organisation, Reader
from outreach.errors import Fault, InputError, Refused
from outreach.flows.images import assets_url, kept_images
from outreach.flows.kept_files import preview_name
from outreach.flows.links import links
from outreach.flows.mailboxes import reply_to_mailbox, sender_mailbox
from outreach.flows.preparing import find_campaign, layouts
from outreach.flows.readiness import must_be_ready
from outreach.ledger import edition_store, readers
from outreach.ledger.assets import keep_assets
from outreach.providers.allowlist import allowed, refusal
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.registry import open_provider
from outreach.rendering import Compiled, EditionContext, compile_campaign
from outreach.rendering.arms import each_arm
from outreach.rendering.checks import check as check_contents
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.images import inlined
from outreach.workspace import Workspace

SAMPLES = (
    Reader(
        first_name="Sam",
        last_name="Sample",
        job_role="Practice manager",
        sector="General Practice",
        ics_area="North Central London",
        borough="Camden",
        organisation=Organisation("X99999", "Sample Surgery"),
    ),
    Reader(
        first_name="Pat",
        last_name="Pledger",
        job_role="Pharmacist",
        sector="Community Pharmacy",
        ics_area="South East London",
        organisation=Organisation("FX999", "Sample Pharmacy"),
        pledged_on=date(2026, 11, 2),
    ),
)
"""Made-up readers: one who has not pledged, one who has."""


def check_files(ws: Workspace, slug: str = "") -> tuple[Fault, ...]:
    """Judge one campaign file, or all of them, with made-up readers; returns what was found."""
    library = load_library(ws.settings.campaigns, ws.hub)
    found = [
        fault
        for file, faults in library.faults.items()
        if not slug or Path(file).stem == slug
        for fault in faults
    ]
    chosen = [c for c in library.campaigns.values() if not slug or c.slug == slug]
    if slug and not chosen and not found:
        find_campaign(ws, slug)
    for campaign in chosen:
        found += _judged(ws, campaign)
    return tuple(found)


def preview(
    ws: Workspace, slug: str, *, address: str = "", folder: Path | None = None
) -> tuple[Path, ...]:
    """Render a campaign for made-up readers, or for one contact, to HTML and text files.

    Raises NotFound where the address is not a contact's.
    """
    campaign = find_campaign(ws, slug)
    compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    person = ws.keys.address_hash(address) if address else b""
    people = (readers.reader(ws.engine, person),) if person else SAMPLES
    folder = folder or ws.settings.home / "preview" / slug
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for number, reader in enumerate(people, start=1):
        shown = _message(ws, compiled, reader)
        for suffix, text in (("html", shown.html), ("txt", f"{shown.subject}\n\n{shown.text}")):
            # By it, erasing the person finds the file.
            file = folder / f"{preview_name(person.hex()) if person else number}.{suffix}"
            file.write_text(text, encoding="utf-8")
            files.append(file)
    return tuple(files)


def test_send(ws: Workspace, slug: str, *, to: str, by: str, via: str) -> str:
    """Send one copy of a campaign to a colleague, marked as a test and never counted.

    Returns the provider's message id. Raises Refused where the address is suppressed or outside
    the allow-list, and the provider's own HandOverError where it did not take it.
    """
    campaign = find_campaign(ws, slug)
    address = to.strip()
    digest = ws.keys.address_hash(address)
    if readers.is_suppressed(ws.engine, digest, ws.keys.domain_hash(address)):
        raise Refused("this address is suppressed, so not even a test is sent to it")
    compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    reader = readers.reader_or_none(ws.engine, digest) or replace(SAMPLES[0])
    provider = open_provider(ws.settings.provider, ws.settings)
    try:
        if provider.networked and not allowed(address, ws.settings):
            raise Refused(refusal(ws.settings))
        must_be_ready(ws, provider)
        with ws.engine.begin() as connection:
            keep_assets(connection, None, kept_images(campaign), datetime.now(UTC))
        receipt = provider.hand_over(_test_handover(ws, campaign, compiled, reader, address))
    finally:
        provider.close()
    with ws.engine.begin() as connection:
        edition_store.note(
            connection, who=by, via=via, action="test send", subject=slug, at=datetime.now(UTC)
        )
    return receipt.message_id


def _judged(ws: Workspace, campaign: Campaign) -> tuple[Fault, ...]:
    try:
        compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    except InputError as error:
        return error.faults
    contents = []
    for reader in each_arm(SAMPLES, campaign):
        key = compiled.key(reader)
        content = compiled.render(key, _today(ws))
        contents.append((compiled.label(key), content, compiled.values(reader)))
    return tuple(dict.fromkeys(check_contents(campaign, ws.hub, contents, {})))


def _message(ws: Workspace, compiled: Compiled, reader: Reader) -> Message:
    content = compiled.render(compiled.key(reader), _today(ws))
    unsubscribe, view = links(ws, "preview")
    made = message(content, with_links(compiled.values(reader), unsubscribe, view))
    by_name = {image.name: (image.kind, image.data) for image in compiled.campaign.images}
    return replace(made, html=inlined(made.html, by_name.get))


def _test_handover(
    ws: Workspace, campaign: Campaign, compiled: Compiled, reader: Reader, address: str
) -> Handover:
    content = compiled.render(compiled.key(reader), _today(ws))
    marked = Pieces(
        ("[TEST] " + content.subject.literals[0], *content.subject.literals[1:]),
        content.subject.slots,
    )
    delivery_id = f"test{secrets.token_hex(11)}"
    unsubscribe, view = links(ws, delivery_id)
    return Handover(
        reference=f"test#{delivery_id}",
        campaign=campaign.slug,
        occurrence="test",
        sender=sender_mailbox(ws, campaign.sender),
        reply_to=reply_to_mailbox(ws, campaign.reply_to),
        content=Content(marked, content.text, content.html),
        recipients=(
            Recipient(
                delivery_id=delivery_id,
                address=address,
                values=with_links(compiled.values(reader), unsubscribe, view),
                unsubscribe_url=unsubscribe,
            ),
        ),
        at=datetime.now(UTC),
    )


def _today(ws: Workspace) -> EditionContext:
    today = datetime.now(LONDON).date()
    return EditionContext(today.isoformat(), today, assets_url(ws))
