"""What an author does before there is an edition: check, preview."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from outreach.campaigns import Campaign, load_library
from outreach.checks import check as check_contents
from outreach.checks.readers import samples
from outreach.clock import LONDON
from outreach.domain import Organisation, Reader
from outreach.errors import Fault, InputError
from outreach.flows.assorting import copy_for
from outreach.flows.images import assets_url
from outreach.flows.kept_files import preview_name
from outreach.flows.layouts import layouts
from outreach.flows.links import links
from outreach.flows.preparing import find_campaign
from outreach.flows.reaching import unreached
from outreach.flows.selecting import rule_of
from outreach.ledger import readers
from outreach.rendering import Compiled, EditionContext, compile_campaign
from outreach.rendering.carrying import not_shown
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


def check_files(ws: Workspace, slug: str = "", *, reach: bool = False) -> tuple[Fault, ...]:
    """Judge one campaign file, or all of them, with made-up readers; returns what was found.

    `reach` asks every link's website too.
    """
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
        found += judged(ws, campaign, reach=reach)
    return tuple(found)


def preview(
    ws: Workspace, slug: str, *, address: str = "", folder: Path | None = None
) -> tuple[Path, ...]:
    """Render a campaign for made-up readers, or for one contact, to HTML and text files.

    Raises NotFound where the address is not a contact's.
    """
    campaign = find_campaign(ws, slug)
    person = ws.keys.address_hash(address) if address else b""
    people = (readers.reader(ws.engine, person),) if person else SAMPLES
    folder = folder or ws.settings.home / "preview" / slug
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for number, reader in enumerate(people, start=1):
        shown = _message(ws, copy_for(ws, campaign, reader, person), reader)
        for suffix, text in (("html", shown.html), ("txt", f"{shown.subject}\n\n{shown.text}")):
            # By it, erasing the person finds the file.
            file = folder / f"{preview_name(person.hex()) if person else number}.{suffix}"
            file.write_text(text, encoding="utf-8")
            files.append(file)
    return tuple(files)


def judged(ws: Workspace, campaign: Campaign, *, reach: bool = False) -> tuple[Fault, ...]:
    """Judge every variant of a campaign that made-up readers bring about."""
    try:
        compiled = compile_campaign(campaign, ws.hub, layouts(ws))
        rule_of(ws, campaign)
        made = samples(compiled, ws.hub, _today(ws))
    except InputError as error:
        return error.faults
    if lost := not_shown(campaign, made[0].content, compiled.resources):
        return lost
    found = check_contents(campaign, ws.hub, made, {})
    return (*found, *unreached(campaign, ws.hub, made)) if reach else found


def _message(ws: Workspace, compiled: Compiled, reader: Reader) -> Message:
    content = compiled.render(compiled.key(reader), _today(ws))
    unsubscribe, view = links(ws, "preview")
    made = message(content, with_links(compiled.values(reader), unsubscribe, view))
    by_name = {image.name: (image.kind, image.data) for image in compiled.campaign.images}
    return replace(made, html=inlined(made.html, by_name.get))


def _today(ws: Workspace) -> EditionContext:
    today = datetime.now(LONDON).date()
    return EditionContext(today.isoformat(), today, assets_url(ws))
