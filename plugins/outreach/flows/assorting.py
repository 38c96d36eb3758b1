"""The variants that an audience makes: a digest's readers by what it brings them, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.campaigns import Campaign
from outreach.digest import SAMPLES, Chooser, Listed
from outreach.domain import Reader, Resource
from outreach.errors import Fault, InputError
from outreach.flows.layouts import layouts
from outreach.ledger import digests
from outreach.ledger.audience import Candidate
from outreach.ledger.engine import reading
from outreach.ledger.freeze import NewVariant
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.providers.base import Content
from outreach.rendering import (
    MAX_VARIANTS,
    Compiled,
    EditionContext,
    VariantKey,
    compile_campaign,
    frozen,
)
from outreach.rendering.carrying import not_shown
from outreach.wording import shown_path
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Kind:
    """One variant to be: the copy for what it brings, and its key."""

    compiled: Compiled
    key: VariantKey
    listed: tuple[Listed, ...]

    @property
    def label(self) -> str:
        """The variant in words."""
        return self.compiled.label(self.key)


class Assortment:
    """Sorts an audience into variants, in the order in which they first come up.

    Without a `chooser` the campaign is no digest, and everybody has a place. Compiling raises
    InputError with every fault of the copy.
    """

    def __init__(self, ws: Workspace, campaign: Campaign, chooser: Chooser | None = None) -> None:
        self.kinds: list[Kind] = []
        self._ws, self._campaign, self._chooser = ws, campaign, chooser
        self._places: dict[tuple[tuple[int, ...], VariantKey], int] = {}
        self._compiled: dict[tuple[int, ...], Compiled] = {}
        if chooser is None:
            self._copy_for(())

    def brings(self, person: Candidate) -> tuple[Listed, ...] | None:
        """Return what the digest brings somebody, () where it is none; None: nothing new."""
        if self._chooser is None:
            return ()
        return self._chooser.choose(person.reader, person.address_hash) or None

    def place(self, person: Candidate, listed: tuple[Listed, ...]) -> PlannedDelivery:
        """Return one person's delivery. Raises InputError where there are too many variants."""
        compiled = self._copy_for(listed)
        key, values = compiled.assess(person.reader)
        name = (tuple(one.id for one in listed), key)
        if name not in self._places:
            if len(self._places) == MAX_VARIANTS:
                raise InputError(too_many_variants(self._campaign))
            self._places[name] = len(self._places)
            self.kinds.append(Kind(compiled, key, listed))
        return PlannedDelivery.of(person, self._places[name], values)

    def contents(self, edition: EditionContext) -> list[Content]:
        """Return each variant rendered. Raises InputError for a fault, naming its line."""
        made = []
        for kind in self.kinds:
            content = kind.compiled.render(kind.key, edition)
            lost = not_shown(self._campaign, content, kind.compiled.resources)
            if lost:
                raise InputError(*lost)
            made.append(content)
        return made

    def frozen(self, contents: Sequence[Content]) -> list[NewVariant]:
        """Return the variants as the ledger keeps them."""
        return [
            NewVariant(
                kind.label,
                frozen.to_json(content),
                kind.compiled.arm(kind.key),
                tuple(one.id for one in kind.listed),
            )
            for kind, content in zip(self.kinds, contents, strict=True)
        ]

    def missing(
        self, contents: Sequence[Content], planned: Sequence[PlannedDelivery]
    ) -> dict[str, int]:
        """Return, for each printed expression, how many people it is empty for."""
        missing: Counter[str] = Counter()
        for one in planned:
            compiled = self.kinds[one.variant].compiled
            missing.update(compiled.empty(contents[one.variant], one.values))
        return dict(missing)

    def _copy_for(self, listed: tuple[Listed, ...]) -> Compiled:
        ids = tuple(one.id for one in listed)
        if ids not in self._compiled:
            if len(self._compiled) == MAX_VARIANTS:
                raise InputError(too_many_variants(self._campaign))
            shown = [one.shown for one in listed]
            self._compiled[ids] = compile_campaign(
                self._campaign, self._ws.hub, layouts(self._ws), shown
            )
        return self._compiled[ids]


def assortment(
    ws: Workspace, connection: sa.Connection, campaign: Campaign, now: datetime
) -> Assortment:
    """Return what sorts a campaign's audience into variants. Raises InputError."""
    if campaign.digest is None:
        return Assortment(ws, campaign)
    return Assortment(
        ws, campaign, digests.chooser(connection, campaign.digest, campaign.slug, now)
    )


def copy_for(
    ws: Workspace, campaign: Campaign, reader: Reader, address_hash: bytes = b""
) -> Compiled:
    """Return a campaign's copy as one reader would get it now, to be shown and not sent.

    A digest brings what is new to them, and made-up samples where nothing is. Raises InputError.
    """
    chosen: list[Resource] = []
    if campaign.digest:
        now = datetime.now(UTC)
        with reading(ws.engine) as connection:
            chooser = digests.chooser(connection, campaign.digest, campaign.slug, now)
        chosen = [one.shown for one in chooser.choose(reader, address_hash)]
    return compile_campaign(campaign, ws.hub, layouts(ws), chosen or SAMPLES)


def too_many_variants(campaign: Campaign) -> Fault:
    """Return the fault for copy that makes more variants than can be proofed."""
    file = shown_path(campaign.file)
    if campaign.digest:
        said = (
            f"its readers are to be brought more than {MAX_VARIANTS} different sets of new "
            "resources, or its conditions make as many variants: too many to proof. Set a smaller "
            "max or since_days under digest, or narrow the audience"
        )
        return Fault(said, file=file)
    return Fault(
        f"its conditions make more than {MAX_VARIANTS} variants, too many to proof. "
        "Ask for fewer fields in {% if %} and {% for %}",
        file=file,
    )
