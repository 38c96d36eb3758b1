"""Campaign files as people read them: what each says, its faults, its proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.campaignwords import starts, whom
from outreach.checks.readers import by_variant, sample_readers
from outreach.clock import LONDON
from outreach.domain import Reader
from outreach.errors import Fault, InputError, NotFound
from outreach.flows.journeys import steps_of
from outreach.ledger import approvals, views
from outreach.ledger.engine import reading
from outreach.ledger.views import EditionRow
from outreach.reports.editions import EditionSummary, editions
from outreach.reports.proofs import Proof, proof_links
from outreach.scheduling.timetable import HORIZON

if TYPE_CHECKING:
    from outreach.campaigns import Campaign, Library
    from outreach.hub import Hub
    from outreach.rendering import Compiled
    from outreach.workspace import Workspace

_SLOTS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign in the list, with its newest edition."""

    campaign: Campaign
    when: str
    last: EditionRow | None


@dataclass(frozen=True, slots=True)
class CampaignsReport:
    """Every campaign that can be read, and every fault of those that cannot."""

    lines: tuple[CampaignLine, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ProofChoice:
    """One variant that a campaign can have: its number (from 1), in words, for which reader."""

    number: int
    label: str
    reader: Reader


@dataclass(frozen=True, slots=True)
class Proofs:
    """The variants that made-up readers bring about, and the chosen one rendered."""

    choices: tuple[ProofChoice, ...]
    chosen: ProofChoice
    proof: Proof


@dataclass(frozen=True, slots=True)
class Coming:
    """A slot to come, and why it would be left out ('' where it would not)."""

    at: datetime
    closed: str


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """Everything the page of one campaign shows.

    `campaign` is None where its file is gone or has faults; `proofs` also where its copy cannot
    be rendered. `faults` say why.
    """

    slug: str
    campaign: Campaign | None
    when: str
    whom: str
    faults: tuple[Fault, ...]
    editions: tuple[EditionSummary, ...]
    proofs: Proofs | None
    coming: tuple[Coming, ...] = ()
    journey: tuple[Campaign, ...] = ()


def campaign_faults(ws: Workspace) -> tuple[Fault, ...]:
    """Return every fault of every campaign file, by file."""
    return _faults(_library(ws))


def campaigns(ws: Workspace) -> CampaignsReport:
    """Return every campaign by title, each with its newest edition, and every fault."""
    library = _library(ws)
    with reading(ws.engine) as connection:
        newest = views.latest_by_campaign(connection)
    lines = [
        CampaignLine(found, when_sent(found), newest.get(found.slug))
        for found in library.campaigns.values()
    ]
    lines.sort(key=lambda line: (line.campaign.title.lower(), line.campaign.slug))
    return CampaignsReport(tuple(lines), _faults(library))


def campaign(ws: Workspace, slug: str, *, proof: int = 1) -> CampaignReport:
    """Return one campaign with proof number `proof` rendered for a made-up reader.

    Raises NotFound where neither a campaign file nor an edition is called so.
    """
    library = _library(ws)
    found = library.campaigns.get(slug)
    faults = tuple(fault for fault in _faults(library) if Path(fault.file).stem == slug)
    latest, _ = editions(ws, slug=slug, size=5)
    if found is None and not faults and not latest:
        raise NotFound(f"There is no campaign called {slug!r}.")
    proofs: Proofs | None = None
    if found is not None:
        try:
            proofs = _proofs(ws, found, proof)
        except InputError as error:
            faults = (*faults, *error.faults)
    when = when_sent(found) if found else ""
    goes_to = whom(found) if found else ""
    coming = tuple(_coming(ws, found)) if found else ()
    journey = steps_of(found.journey, library.campaigns.values()) if found else ()
    return CampaignReport(slug, found, when, goes_to, faults, latest, proofs, coming, journey)


def when_sent(found: Campaign) -> str:
    """Return in words what makes an edition of this campaign, as a line of its own."""
    words = starts(found)
    return words[:1].upper() + words[1:]


def _coming(ws: Workspace, found: Campaign) -> Iterator[Coming]:
    """The next slots of a campaign."""
    now = datetime.now(UTC)
    if found.slots is None:
        return
    for slot in islice(found.slots.slots(now, now + HORIZON), _SLOTS_AHEAD):
        closed = ws.hub.closings.closed(slot, found.slug)
        yield Coming(slot, closed.words if closed else "")


def approval_words(ws: Workspace, found: Campaign) -> str:
    """Return in words how an edition of a campaign comes to be approved, as things stand."""
    people = ", ".join(found.approvers or ws.hub.approvers)
    if found.approval != "standing":
        return f"asks {people}"
    layouts = ws.settings.root / "templates" / "layouts"
    with reading(ws.engine) as connection:
        by = approvals.standing_of(connection, found.slug, found.content_hash(ws.hub, layouts))
    return f"standing, by {by}" if by else f"standing, once {people} approves this content"


def _library(ws: Workspace) -> Library:
    from outreach.campaigns import load_library

    return load_library(ws.settings.campaigns, ws.hub)


def _faults(library: Library) -> tuple[Fault, ...]:
    return tuple(fault for found in library.faults.values() for fault in found)


def _compiled(ws: Workspace, found: Campaign) -> Compiled:
    from outreach.rendering import compile_campaign

    return compile_campaign(found, ws.hub, ws.settings.root / "templates" / "layouts")


def _proofs(ws: Workspace, found: Campaign, number: int) -> Proofs:
    from outreach.rendering import EditionContext
    from outreach.rendering.compose import message, with_links
    from outreach.rendering.images import inlined

    compiled = _compiled(ws, found)
    choices = _choices(compiled, ws.hub)
    chosen = choices[min(max(number, 1), len(choices)) - 1]
    key, values = compiled.assess(chosen.reader)
    today = datetime.now(LONDON).date()
    content = compiled.render(key, EditionContext(today.isoformat(), today))
    shown = message(content, with_links(values, *proof_links(ws)))
    by_name = {image.name: (image.kind, image.data) for image in found.images}
    return Proofs(choices, chosen, Proof.of(replace(shown, html=inlined(shown.html, by_name.get))))


def _choices(compiled: Compiled, hub: Hub) -> tuple[ProofChoice, ...]:
    """One reader for each variant that the made-up readers bring about, first come first."""
    readers = by_variant(compiled, sample_readers(hub))
    return tuple(
        ProofChoice(number, compiled.label(key), reader)
        for number, (key, reader) in enumerate(readers.items(), start=1)
    )
