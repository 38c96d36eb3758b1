"""Campaign files as people read them: what each says, its faults, its proofs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.clock import LONDON
from outreach.domain import Organisation, Reader
from outreach.errors import Fault, InputError, NotFound
from outreach.ledger import views
from outreach.ledger.engine import reading
from outreach.ledger.views import EditionRow
from outreach.reports.editions import EditionSummary, editions
from outreach.reports.proofs import Proof, proof_links

if TYPE_CHECKING:
    from outreach.campaigns import Campaign, Library
    from outreach.hub import Hub
    from outreach.rendering import Compiled, VariantKey
    from outreach.workspace import Workspace

_PLEDGED = date(2026, 3, 2)
_WEEKLY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-7](?:,[0-7])*)")
_DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")


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
class CampaignReport:
    """Everything the page of one campaign shows.

    `campaign` is None where its file is gone or has faults; `proofs` also where its copy cannot
    be rendered. `faults` say why.
    """

    slug: str
    campaign: Campaign | None
    when: str
    faults: tuple[Fault, ...]
    editions: tuple[EditionSummary, ...]
    proofs: Proofs | None


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
    return CampaignReport(slug, found, when, faults, latest, proofs)


def when_sent(found: Campaign) -> str:
    """Return in words what makes an edition of this campaign."""
    if found.trigger == "timetable":
        days = ", working days only" if found.working_days_only else ""
        return f"{timetable_in_words(found.timetable)}, London time{days}"
    if found.trigger == "new_pledges":
        return "When new pledges arrive"
    return "When a person starts it"


def timetable_in_words(cron: str) -> str:
    """Return "Tuesdays at 10:00" for a weekly or daily timetable, and any other as it is."""
    found = _WEEKLY.fullmatch(cron.strip())
    if found is None:
        return f"By timetable {cron}"
    minute, hour, days = found.groups()
    at = f"at {int(hour)}:{int(minute):02}"
    if days == "*":
        return f"Every day {at}"
    if days == "1-5":
        return f"Mondays to Fridays {at}"
    return f"{' and '.join(_DAYS[int(day) % 7] for day in days.split(','))} {at}"


def sample_readers(hub: Hub) -> tuple[Reader, ...]:
    """Return made-up readers: every sector, area and pledge state, and one we know least of."""
    boroughs = (*hub.boroughs, "")
    kinds = product((*hub.sectors, ""), (*hub.ics_areas, ""), (None, _PLEDGED))
    known = (
        Reader(
            first_name="Amina",
            last_name="Example",
            job_role="practice manager",
            sector=sector,
            ics_area=area,
            borough=boroughs[place % len(boroughs)],
            organisation=Organisation("X00000", "Example Street Practice"),
            pledged_on=pledged,
        )
        for place, (sector, area, pledged) in enumerate(kinds)
    )
    return (*known, Reader())


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
    from outreach.rendering.arms import each_arm

    readers: dict[VariantKey, Reader] = {}
    for reader in each_arm(sample_readers(hub), compiled.campaign):
        readers.setdefault(compiled.key(reader), reader)
    return tuple(
        ProofChoice(number, compiled.label(key), reader)
        for number, (key, reader) in enumerate(readers.items(), start=1)
    )
