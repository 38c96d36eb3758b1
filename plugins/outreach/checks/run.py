"""Judging an edition's variants with every check that there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.checks.contrast import check_contrast
from outreach.checks.inbox import check_inbox
from outreach.checks.link_text import check_link_text
from outreach.checks.links import check_links
from outreach.checks.locate import Places
from outreach.checks.placeholders import check_placeholders
from outreach.checks.plain_text import check_plain_text
from outreach.checks.reading import check_reading_age
from outreach.checks.sample import Finding, Rendered, Sample, render
from outreach.checks.sizes import check_sizes
from outreach.checks.structure import check_identity, check_structure
from outreach.checks.support import check_support
from outreach.checks.table import BY_NAME, CHECKS
from outreach.checks.validity import check_validity
from outreach.checks.values import check_missing
from outreach.checks.wording import check_spam, check_words
from outreach.errors import Fault
from outreach.hub import Hub
from outreach.wording import shown_path

if TYPE_CHECKING:
    from outreach.campaigns import Campaign

_SUBJECTS: tuple[Callable[[Rendered], Iterator[Finding]], ...] = (
    check_identity,
    check_inbox,
    check_sizes,
    check_links,
    check_link_text,
    check_validity,
    check_structure,
    check_support,
    check_contrast,
    check_plain_text,
    check_reading_age,
    check_words,
    check_spam,
)
"""What is asked of every variant; a new check is one function, and one line here."""

_ORDER = {one.name: place for place, one in enumerate(CHECKS)}


@dataclass(slots=True)
class _Found:
    finding: Finding
    numbers: list[int]
    label: str


def check(
    campaign: Campaign, hub: Hub, samples: Sequence[Sample], missing: Mapping[str, int]
) -> tuple[Fault, ...]:
    """Return every fault of an edition's variants, the blocking ones first.

    `missing`: expression -> for how many people of the audience it prints nothing. A fault that
    several variants share is named once; its `variants` are their numbers.
    """
    places = Places(campaign.source)
    found: dict[tuple[str, str], _Found] = {}
    source = campaign.source
    for finding in (*check_placeholders(source), *check_missing(missing, source)):
        found[finding.check, finding.said] = _Found(finding, [], "")
    for sample in samples:
        for finding in judge(campaign, hub, sample):
            key = (finding.check, finding.said)
            known = found.setdefault(key, _Found(finding, [], sample.label))
            if sample.number not in known.numbers:
                known.numbers.append(sample.number)
    file = shown_path(campaign.file)
    faults = [_fault(one, len(samples), file, places) for one in found.values()]
    return tuple(sorted(faults, key=lambda one: (not one.blocking, _ORDER[one.check])))


def judge(campaign: Campaign, hub: Hub, sample: Sample) -> Iterator[Finding]:
    """Yield what every check finds in one variant."""
    rendered = render(campaign, hub, sample)
    for asked in _SUBJECTS:
        yield from asked(rendered)


def _fault(one: _Found, of: int, file: str, places: Places) -> Fault:
    finding = one.finding
    return Fault(
        message=finding.said + _whose(one, of),
        file=file,
        line=finding.line or places.line(finding.near),
        blocking=BY_NAME[finding.check].blocking,
        check=finding.check,
        variants=tuple(one.numbers),
    )


def _whose(one: _Found, of: int) -> str:
    """Return which variants it is about, where it is not all of them."""
    if not one.numbers or len(one.numbers) == of:
        return ""
    if len(one.numbers) == 1:
        return f" (for: {one.label})"
    return f" (in {len(one.numbers)} of {of} variants, first for: {one.label})"
