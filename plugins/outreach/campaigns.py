"""Campaign files -> Campaign: one Markdown file with a YAML head, every fault with its line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it.token import Token
from pydantic import ValidationError

from outreach.campaignfile import read_head, read_source, split_head
from outreach.domain import Mailbox, Purpose, Resource, Segment
from outreach.errors import Fault, InputError
from outreach.frontmatter import Approval, FrontMatter, Occasion, Trigger, disagreements
from outreach.hub import Hub
from outreach.rendering.addresses import personal_addresses
from outreach.rendering.components.scan import component_faults, openings
from outreach.rendering.components.written import written_out
from outreach.rendering.expand import expand
from outreach.rendering.images import Image, images_of, place_images
from outreach.rendering.slips import body_slips
from outreach.rendering.structure import Given, Source
from outreach.wording import schema_faults, shown_path
from outreach.yamlfile import Located

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way a campaign is told, to its share of the audience.

    `share` is a weight, such as 50 of 100. An empty `subject` or `preview` is the campaign's own.
    """

    name: str
    share: int
    subject: str = ""
    preview: str = ""
    subject_line: int = 0
    preview_line: int = 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """The authored definition. `subject`, `preview` and `body` are Jinja, `body` in Markdown.

    `timetable` is a five-field cron text read in Europe/London. `why` tells readers why they
    get this; empty means the hub's own words. `goal` is what ends the need to write to somebody
    ("pledged"), or ''; `capped`, whether the hub's limit of emails per person applies;
    `renewals`, whether a pledge that renews an earlier one is answered. `resources` is what the
    component of that name lists; `arms` are the ways it is told, if there are several. `*_line`
    are lines of `file`.
    """

    slug: str
    title: str
    file: Path
    purpose: Purpose
    basis_reason: str
    sender: Mailbox | None
    reply_to: Mailbox | None
    subject: str
    preview: str
    trigger: Trigger
    timetable: str
    working_days_only: bool
    segment: Segment
    occasion: Occasion
    renewals: bool
    approval: Approval
    approvers: tuple[str, ...]
    owner: str
    late_after_hours: int
    goal: str
    capped: bool
    layout: str
    category: str
    why: str
    resources: tuple[Resource, ...]
    arms: tuple[Arm, ...]
    images: tuple[Image, ...] = field(repr=False)
    body: str = field(repr=False)
    body_line: int = field(repr=False)
    subject_line: int = field(repr=False)
    preview_line: int = field(repr=False)
    source: str = field(repr=False)

    @property
    def given(self) -> Given:
        """What copy finds under names of its own."""
        return Given(self.resources, tuple(arm.name for arm in self.arms))

    def placing(self, base: str) -> Callable[[Sequence[Token]], None]:
        """Return what gives this campaign's images in Markdown's tokens their addresses."""
        by_name = {image.written: image for image in self.images}
        return lambda tokens: place_images(tokens, by_name, base)

    def content_hash(self, hub: Hub, layouts: Path) -> str:
        """Return a hash of all that readers see: this file, its layout, images and the hub."""
        digest = hashlib.sha256()
        for suffix in (".mjml", ".txt"):
            layout = layouts / f"{self.layout}{suffix}"
            digest.update(layout.read_bytes() if layout.exists() else b"")
            digest.update(b"\0")
        digest.update(f"{hub.digest}\0{self.source}".encode())
        for image in self.images:
            digest.update(f"\0{image.written}\0{image.name}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Library:
    """Every campaign that loads, by slug; and for every file that does not, its faults."""

    campaigns: dict[str, Campaign]
    faults: dict[str, tuple[Fault, ...]]


def sources_of(campaign: Campaign) -> tuple[Source, ...]:
    """Return the templated texts of a campaign: subject, preview, body, then those of arms."""
    file = shown_path(campaign.file)
    whole = written_out(campaign.body)
    return (
        Source("subject", campaign.subject, file, campaign.subject_line, spread=False),
        Source("preview", campaign.preview, file, campaign.preview_line, spread=False),
        Source("body", whole.text, file, campaign.body_line, lines=whole.lines),
        *(
            Source(name, text, file, line, spread=False, arm=arm.name)
            for arm in campaign.arms
            for name, text, line in (
                ("subject", arm.subject, arm.subject_line),
                ("preview", arm.preview, arm.preview_line),
            )
            if text
        ),
    )


def load_campaign(path: Path, hub: Hub) -> Campaign:
    """Read one campaign file. Raises InputError with every fault found, each with its line.

    Its images stand in the folder `assets` beside the one that the file is in.
    """
    file = shown_path(path)
    source = read_source(path, file)
    if not _SLUG.fullmatch(path.stem):
        near = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "my-campaign"
        said = "a campaign file's name is small letters, digits and hyphens"
        raise InputError(Fault(f"{said}; call it {near}.md", file))
    head, body, body_line = split_head(source, file)
    at = read_head(head, file)
    form = _form(at, file)
    copy = Source("body", body, file, body_line)
    images, unseen = images_of(copy, path.parent.parent / "assets")
    campaign = replace(_campaign(path, form, at, source, body, body_line), images=images)
    faults = [Fault(said, file, at.line(place)) for place, said in disagreements(form, hub)]
    faults += [*component_faults(copy), *unseen, *body_slips(copy)]
    faults += _without_words(campaign, hub)
    for part in sources_of(campaign):
        block, found = expand(part, hub, campaign.given)
        faults += found or personal_addresses(part, block)
    if faults:
        raise InputError(*sorted(faults, key=lambda fault: fault.line))
    return campaign


def _without_words(campaign: Campaign, hub: Hub) -> Iterator[Fault]:
    """Yield a Fault for each component whose words would come from elsewhere and are missing."""
    file = shown_path(campaign.file)
    for name, line in openings(campaign.body):
        if name == "resources" and not campaign.resources:
            said = "there is nothing to list; add the field resources, with title and url of each"
            yield Fault(said, file, campaign.body_line + line - 1)
        if name == "area-fact" and hub.area_fact is None:
            said = "hub.yaml does not say what this figure means; add area_fact to it"
            yield Fault(said, file, campaign.body_line + line - 1)


def load_library(paths: Sequence[Path], hub: Hub) -> Library:
    """Read every campaign file in `paths` (folders, or single files).

    A broken file never affects the others. Of two files with one slug the first stands.
    """
    campaigns: dict[str, Campaign] = {}
    faults: dict[str, tuple[Fault, ...]] = {}
    for path in _files(paths, faults):
        try:
            campaign = load_campaign(path, hub)
        except InputError as error:
            faults[shown_path(path)] = error.faults
            continue
        first = campaigns.setdefault(campaign.slug, campaign)
        if first is not campaign:
            file = shown_path(path)
            said = f"{shown_path(first.file)} has this name already; rename one of the two"
            faults[file] = (Fault(said, file),)
    return Library(campaigns, faults)


def _files(paths: Iterable[Path], faults: dict[str, tuple[Fault, ...]]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = (p for p in sorted(path.glob("*.md")) if p.name[0] not in "._")
            yield from (p for p in found if p.stem.lower() != "readme")
        elif path.exists():
            yield path
        else:
            file = shown_path(path)
            said = "there is no such folder or file; check OUTREACH_CAMPAIGNS"
            faults[file] = (Fault(said, file),)


def _form(at: Located, file: str) -> FrontMatter:
    if not isinstance(at.data, dict):
        raise InputError(Fault("write fields here, such as title: My campaign", file, 2))
    try:
        return FrontMatter.model_validate(at.data)
    except ValidationError as error:
        raise InputError(*schema_faults(error, FrontMatter, at, file)) from None


def _campaign(
    path: Path, form: FrontMatter, at: Located, source: str, body: str, body_line: int
) -> Campaign:
    same = form.model_dump(
        exclude={
            "sender",
            "reply_to",
            "segment",
            "category",
            "goal",
            "frequency",
            "resources",
            "arms",
        }
    )
    return Campaign(
        **same,
        slug=path.stem,
        file=path,
        sender=form.sender.mailbox() if form.sender else None,
        reply_to=form.reply_to.mailbox() if form.reply_to else None,
        segment=Segment(**form.segment.model_dump()),
        category=form.category or path.stem,
        goal=form.ends_with(),
        capped=form.is_capped(),
        resources=tuple(Resource(**one.model_dump()) for one in form.resources),
        arms=tuple(
            Arm(
                **arm.model_dump(),
                subject_line=at.line(("arms", place, "subject")),
                preview_line=at.line(("arms", place, "preview")),
            )
            for place, arm in enumerate(form.arms)
        ),
        images=(),
        body=body,
        body_line=body_line,
        subject_line=at.line(("subject",)),
        preview_line=at.line(("preview",)),
        source=source,
    )
