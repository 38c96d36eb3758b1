"""What is judged: a variant with its readers' values, and what a check finds in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.checks.document import Document, read_document
from outreach.hub import Hub
from outreach.providers.base import Content
from outreach.rendering.compose import Message, message, with_links

if TYPE_CHECKING:
    from outreach.campaigns import Campaign

UNSUBSCRIBE = "https://outreach.invalid/unsubscribe"
VIEW = "https://outreach.invalid/view"

_STANDS_IN = "Sample"


@dataclass(frozen=True, slots=True)
class Sample:
    """A variant to judge: its number, its label, how many people get it, and their values.

    `values` are one reader's; `widest` those of readers whose values are the longest. The
    values are measured and never quoted: what checks say reaches logs.
    """

    number: int
    label: str
    people: int
    content: Content
    values: tuple[str, ...]
    widest: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `near` is text of the copy that it is about, to find its line by.

    `line` is in the campaign's file where the check knows it already.
    """

    check: str
    said: str
    near: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A sample as checks see it: `shown` and `page` hold nobody's values, `real` do.

    `real` is one message for each of the sample's sets of values, only to be measured.
    """

    campaign: Campaign
    hub: Hub
    sample: Sample
    shown: Message
    page: Document
    real: tuple[Message, ...]
    values: tuple[tuple[str, ...], ...]

    @property
    def copy(self) -> str:
        """The plain text without the layout's foot."""
        return ("\n" + self.shown.text).rpartition("\n--\n")[0].strip("\n")


def render(campaign: Campaign, hub: Hub, sample: Sample) -> Rendered:
    """Return a sample composed, with and without its readers' values."""
    every = tuple(dict.fromkeys((sample.values, *sample.widest)))
    neutral = tuple(_STANDS_IN if value else "" for value in sample.values)
    shown = _composed(sample.content, neutral)
    return Rendered(
        campaign=campaign,
        hub=hub,
        sample=sample,
        shown=shown,
        page=read_document(shown.html),
        real=tuple(_composed(sample.content, values) for values in every),
        values=every,
    )


def _composed(content: Content, values: Sequence[str]) -> Message:
    return message(content, with_links(values, UNSUBSCRIBE, VIEW))
