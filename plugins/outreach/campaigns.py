"""Campaign files -> Campaign: one Markdown file with a YAML head, every fault with its line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it.token import Token
from pydantic import ValidationError

from outreach.campaigncache import keep_read, read_before
from outreach.campaignfile import campaign_files, read_head, read_source, split_head
from outreach.digest import SAMPLES, Digest
from outreach.domain import Mailbox, Purpose, Resource
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
from outreach.scheduling.steps import After
from outreach.scheduling.timetable import DaysOff, Timetable
from outreach.segments import Segment, read, vocabulary_of
from outreach.segments.placing import place_in
from outreach.wording import schema_faults, shown_path
from outreach.yamlfile import Located

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORKED_OUT = {
    *("sender", "reply_to", "segment", "category", "goal", "frequency", "occasion", "digest"),
    *("working_days_only", "next_working_day", "after_pledge", "grace_working_days"),
    *("audience_limit", "seeds", "resources", "arms"),
}
"""Fields that mean something else, or more, than they say by themselves."""


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

    `timetable` is cron, words or dates, read in Europe/London; `after` and `at` make it a step
    of `journey`, still sent `grace` working days after it was due. `why` tells readers why they
    get this; empty means the hub's own words. `goal` is what ends the need to write to somebody
    ("pledged", "renewed"), or ''; `capped`, whether the hub's limit of emails per person applies;
    `renewals`, whether a pledge that renews an earlier one is answered; `digest`, how many new
    resources it brings each reader, None where it is no digest. `audience_limit` is how many
    percent its audience may move, None for no limit; `seeds` are colleagues who get a copy.
    `resources` is what the component of that name lists where it is no digest; `arms` are the
    ways it is told, if there are several. `*_line` are lines of `file`.
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
    segment: Segment
    occasion: Occasion
    renewals: bool
    digest: Digest | None
    approval: Approval
    approvers: tuple[str, ...]
    deputies: Mapping[str, tuple[str, ...]]
    audience_limit: float | None
    seeds: tuple[str, ...]
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
    days_off: DaysOff = DaysOff.SEND
    after: After | None = None
    at: str = ""
    journey: str = ""
    grace: int = 0

    @property
    def slots(self) -> Timetable | None:
        """When it comes round by itself; None where something else starts it."""
        if self.after is not None:
            return Timetable(f"every working day {self.at}")
        return Timetable(self.timetable, self.days_off) if self.timetable else None

    @property
    def given(self) -> Given:
        """What copy finds under names of its own."""
        listed = SAMPLES if self.digest else self.resources or None
        return Given(listed, tuple(arm.name for arm in self.arms))

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
    source = read_source(path, shown_path(path))
    campaign = read_before(path, source, hub)
    if campaign is None:
        campaign = campaign_of(path, source, hub)
        keep_read(source, hub, campaign)
    return campaign


def campaign_of(path: Path, source: str, hub: Hub) -> Campaign:
    """Return the campaign that `source` is, as file `path`. Raises InputError with every fault."""
    file = shown_path(path)
    if not _SLUG.fullmatch(path.stem):
        near = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "my-campaign"
        said = "a campaign file's name is small letters, digits and hyphens"
        raise InputError(Fault(f"{said}; call it {near}.md", file))
    head, body, body_line = split_head(source, file)
    at = read_head(head, file)
    form = _form(at, file)
    copy = Source("body", body, file, body_line)
    images, unseen = images_of(copy, path.parent.parent / "assets")
    campaign = replace(_campaign(path, form, hub, at, source, body, body_line), images=images)
    faults = [Fault(said, file, at.line(place)) for place, said in disagreements(form, hub)]
    faults += [*component_faults(copy), *unseen, *body_slips(copy)]
    faults += _without_words(campaign, hub)
    faults += _rule_faults(form.segment.rule or "", hub, at.line(("segment", "rule")), source, file)
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
        if name == "resources" and campaign.given.resources is None:
            said = "there is nothing to list; add the field resources, with title and url of each"
            yield Fault(said, file, campaign.body_line + line - 1)
        if name == "area-fact" and hub.area_fact is None:
            said = "hub.yaml does not say what this figure means; add area_fact to it"
            yield Fault(said, file, campaign.body_line + line - 1)


def load_library(
    paths: Sequence[Path], hub: Hub, wanted: Callable[[str], bool] = lambda _slug: True
) -> Library:
    """Read every campaign file in `paths` (folders, or single files) whose slug is `wanted`.

    A broken file never affects the others. Of two files with one slug the first stands.
    """
    campaigns: dict[str, Campaign] = {}
    faults: dict[str, tuple[Fault, ...]] = {}
    for path in campaign_files(paths, faults):
        if not wanted(path.stem):
            continue
        try:
            campaign = load_campaign(path, hub)
        except InputError as error:
            faults[shown_path(path)] = error.faults
            continue
        if first := campaigns.get(campaign.slug):
            file = shown_path(path)
            said = f"{shown_path(first.file)} has this name already; rename one of the two"
            faults[file] = (Fault(said, file),)
        campaigns.setdefault(campaign.slug, campaign)
    return Library(campaigns, faults)


def _form(at: Located, file: str) -> FrontMatter:
    if not isinstance(at.data, dict):
        raise InputError(Fault("write fields here, such as title: My campaign", file, 2))
    try:
        return FrontMatter.model_validate(at.data)
    except ValidationError as error:
        raise InputError(*schema_faults(error, FrontMatter, at, file)) from None


def _rule_faults(rule: str, hub: Hub, line: int, source: str, file: str) -> Iterator[Fault]:
    if not rule:
        return
    for problem in read(rule, vocabulary_of(hub)).problems:
        row, column = place_in(source, line, rule, problem.at)
        yield Fault(problem.message, file, row, str(column))


def _campaign(
    path: Path, form: FrontMatter, hub: Hub, at: Located, source: str, body: str, body_line: int
) -> Campaign:
    same = form.model_dump(exclude=_WORKED_OUT)
    own_limit = form.limits_its_audience()
    return Campaign(
        **same,
        slug=path.stem,
        file=path,
        sender=form.sender.mailbox() if form.sender else None,
        reply_to=form.reply_to.mailbox() if form.reply_to else None,
        segment=form.segment.segment(),
        digest=Digest(**form.digest.model_dump()) if form.digest else None,
        category=form.category or path.stem,
        goal=form.ends_with(),
        capped=form.is_capped(),
        occasion=form.answers(),
        days_off=form.days_off(),
        after=form.step(),
        grace=form.grace(),
        audience_limit=form.audience_limit if own_limit else hub.limits.audience_moves,
        seeds=hub.seeds if form.seeds is None else form.seeds,
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
