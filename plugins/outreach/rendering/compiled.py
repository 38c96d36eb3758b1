"""A campaign compiled: a reader's variant key and slot values, and each variant's content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.domain import Reader
from outreach.errors import Fault, InputError
from outreach.hub import Hub
from outreach.providers.base import Content
from outreach.rendering.addresses import address_fault, slots_in_addresses
from outreach.rendering.arms import arm_test, asked, chosen
from outreach.rendering.evaluate import fixed_text, fixed_truth, text_of, truth_of
from outreach.rendering.expand import expand
from outreach.rendering.labels import in_words
from outreach.rendering.layout import Layout, load_layout
from outreach.rendering.pipeline import Marked, assemble
from outreach.rendering.sandbox import CopySandbox, copy_environment
from outreach.rendering.sentinels import Sentinels
from outreach.rendering.slots import may_be_empty
from outreach.rendering.structure import Block, Branch, Data, Expression, Print, PrintLink
from outreach.rendering.values import LINKS, EditionContext
from outreach.wording import shown_path

if TYPE_CHECKING:  # campaigns.py reads templates with this package
    from outreach.campaigns import Campaign

MAX_VARIANTS = 200
"""Variants that one edition may have."""

MAX_COPY = 200_000
"""Characters of one variant's copy."""

VariantKey = tuple[bool | str, ...]
"""The result of each test in turn; '' for one that was not asked. JSON keeps it as a list."""


class SlotKind(StrEnum):
    """What fills a slot."""

    LINK = "link"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place filled per person. `optional`: its author says in so many words it may be empty."""

    expression: str
    line: int
    kind: SlotKind
    optional: bool = False


_Program = tuple["int | tuple[int, _Program, _Program]", ...]
"""What a reader's walk does: fill a slot, or ask a test and go on in one of two ways."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled campaign; see `compile_campaign`."""

    campaign: Campaign
    hub: Hub
    slots: tuple[Slot, ...]
    tests: tuple[Expression, ...]
    _env: CopySandbox = field(repr=False)
    _layout: Layout = field(repr=False)
    _blocks: tuple[Block, Block, Block] = field(repr=False)
    _program: _Program = field(repr=False)
    _texts: tuple[Callable[[Reader], str], ...] = field(repr=False)
    _truths: tuple[Callable[[Reader], bool], ...] = field(repr=False)
    _slot_of: dict[str, int] = field(repr=False)
    _test_of: dict[str, int] = field(repr=False)

    def assess(self, reader: Reader) -> tuple[VariantKey, tuple[str, ...]]:
        """Return a reader's variant key and slot values in one go.

        Values are one inert line each; the links are '', and so is every slot that this
        reader's variant does not print. Raises InputError where an expression has no value.
        """
        key: list[bool | str] = [""] * len(self.tests)
        values = [""] * len(self.slots)
        self._walk(self._program, reader, key, values)
        return tuple(key), tuple(values)

    def key(self, reader: Reader) -> VariantKey:
        """Return which variant a reader gets."""
        return self.assess(reader)[0]

    def values(self, reader: Reader) -> tuple[str, ...]:
        """Return what a reader's slots print; the links are ''."""
        return self.assess(reader)[1]

    def empty(self, content: Content, values: Sequence[str]) -> tuple[str, ...]:
        """Return the expressions that a variant prints and that are empty for this person.

        Links, and expressions whose author allows for it, are left out.
        """
        used = {*content.subject.slots, *content.text.slots, *content.html.slots}
        return tuple(
            slot.expression
            for index, slot in enumerate(self.slots)
            if index in used
            and not values[index]
            and slot.kind is SlotKind.VALUE
            and not slot.optional
        )

    def label(self, key: Sequence[bool | str]) -> str:
        """Return a variant's key in words, such as `sector is Dentistry; has pledged`."""
        asked = zip(self.tests, key, strict=True)
        return in_words((test.text, bool(result)) for test, result in asked if result != "")

    def arm(self, key: Sequence[bool | str]) -> str:
        """Return the arm of a variant, or '' where the campaign has none."""
        file = shown_path(self.campaign.file)
        names = self.campaign.given.arms
        return next((n for n in names if key[self._test_of[arm_test(n, file).identity]]), "")

    def render(self, key: Sequence[bool | str], edition: EditionContext) -> Content:
        """Return one variant's content. Raises InputError for a fault, naming its line."""
        if len(key) != len(self.tests):
            raise InputError("this key is of another version of the campaign; prepare it again")
        sentinels = Sentinels()
        texts = ["".join(self._marked(b, key, edition, sentinels)) for b in self._blocks]
        marked = Marked(*texts)
        if len(marked.body) > MAX_COPY:
            raise InputError(
                Fault("this campaign is far too long; shorten it", shown_path(self.campaign.file))
            )
        found = (
            i for text in texts for i in slots_in_addresses(text, sentinels) if i >= len(LINKS)
        )
        faults = [self._in_address(slot) for slot in found]
        if faults:
            raise InputError(*dict.fromkeys(faults))
        why, images = self.campaign.why, self.campaign.placing(edition.assets)
        return assemble(marked, sentinels, self._layout, self.hub, why, (0, 1), images)

    def _walk(
        self, program: _Program, reader: Reader, key: list[bool | str], values: list[str]
    ) -> None:
        for step in program:
            if isinstance(step, int):
                values[step] = self._texts[step](reader)
                continue
            index, then, otherwise = step
            result = key[index]
            if result == "":
                result = key[index] = self._truths[index](reader)
            self._walk(then if result else otherwise, reader, key, values)

    def _marked(
        self, block: Block, key: Sequence[bool | str], edition: EditionContext, marks: Sentinels
    ) -> Iterator[str]:
        for part in block:
            if isinstance(part, Data):
                yield part.text
            elif isinstance(part, PrintLink):
                yield marks.mark(part.slot)
            elif isinstance(part, Print):
                yield marks.mark(self._fill(part.expression, edition))
            else:
                chosen = part.then if self._holds(part, key, edition) else part.otherwise
                yield from self._marked(chosen, key, edition, marks)

    def _fill(self, expression: Expression, edition: EditionContext) -> int | str:
        if expression.fields:
            return self._slot_of[expression.identity]
        return fixed_text(self._env, expression, self.hub, edition)

    def _holds(self, part: Branch, key: Sequence[bool | str], edition: EditionContext) -> bool:
        if part.test.fields:
            return bool(key[self._test_of[part.test.identity]])
        return fixed_truth(self._env, part.test, self.hub, edition)

    def _in_address(self, slot: int) -> Fault:
        found = self.slots[slot]
        return address_fault(found.expression, shown_path(self.campaign.file), found.line)


class _Numbering:
    """Gives each distinct slot and test its index, in the order of the text."""

    def __init__(self, env: CopySandbox, hub: Hub) -> None:
        self.env, self.hub = env, hub
        self.slots: dict[str, Expression] = {}
        self.tests: dict[str, Expression] = {}

    def program(self, block: Block) -> _Program:
        steps: list[int | tuple[int, _Program, _Program]] = []
        for part in block:
            if isinstance(part, Print) and part.expression.fields:
                steps.append(_index(self.slots, part.expression) + len(LINKS))
            elif isinstance(part, Branch):
                steps += self._branch(part)
        return tuple(steps)

    def _branch(self, part: Branch) -> _Program:
        if part.test.fields:
            index = _index(self.tests, part.test)
            return ((index, self.program(part.then), self.program(part.otherwise)),)
        if part.test.uses_edition:
            # Known only when an edition is rendered: values of both ways are kept ready.
            return self.program(part.then) + self.program(part.otherwise)
        holds = fixed_truth(self.env, part.test, self.hub, None)
        return self.program(part.then if holds else part.otherwise)


def _index(known: dict[str, Expression], expression: Expression) -> int:
    known.setdefault(expression.identity, expression)
    return list(known).index(expression.identity)


def compile_campaign(campaign: Campaign, hub: Hub, layouts: Path) -> Compiled:
    """Compile a campaign's subject, preview and body. Raises InputError with every fault."""
    env = copy_environment()
    subject, preview, body = _blocks_of(campaign, hub)
    numbering = _Numbering(env, hub)
    program = tuple(step for b in (subject, preview, body) for step in numbering.program(b))
    values = tuple(numbering.slots.values())
    links = tuple(Slot(f"links.{name}", 0, SlotKind.LINK) for name in LINKS)
    return Compiled(
        campaign=campaign,
        hub=hub,
        slots=(*links, *(_slot(e) for e in values)),
        tests=tuple(numbering.tests.values()),
        _env=env,
        _layout=load_layout(layouts, campaign.layout),
        _blocks=(subject, preview, body),
        _program=program,
        _texts=(*(_no_text for _ in links), *(text_of(env, e, hub) for e in values)),
        _truths=tuple(truth_of(env, e, hub) for e in numbering.tests.values()),
        _slot_of={name: i + len(LINKS) for i, name in enumerate(numbering.slots)},
        _test_of={name: i for i, name in enumerate(numbering.tests)},
    )


def _blocks_of(campaign: Campaign, hub: Hub) -> tuple[Block, Block, Block]:
    """Return subject, preview and body; the arms are asked first, whatever differs between them."""
    from outreach.campaigns import sources_of

    sources = sources_of(campaign)
    expanded = [expand(source, hub, campaign.given) for source in sources]
    faults = [fault for _, found in expanded for fault in found]
    if faults:
        raise InputError(*faults)
    blocks: dict[str, Block] = {}
    own: dict[str, list[tuple[str, Block]]] = {"subject": [], "preview": []}
    for source, (block, _) in zip(sources, expanded, strict=True):
        if source.arm:
            own[source.name].append((source.arm, block))
        else:
            blocks[source.name] = block
    file = shown_path(campaign.file)
    subject = chosen(blocks["subject"], own["subject"], file)
    preview = chosen(blocks["preview"], own["preview"], file)
    return (*asked(campaign.given.arms, file), *subject), preview, blocks["body"]


def _slot(expression: Expression) -> Slot:
    optional = may_be_empty(expression.node)
    return Slot(expression.text, expression.line, SlotKind.VALUE, optional)


def _no_text(_reader: Reader) -> str:
    return ""
