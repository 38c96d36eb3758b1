"""Made-up readers: one of each kind that copy may tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from outreach.checks.sample import Sample
from outreach.domain import Organisation, Reader
from outreach.hub import Hub
from outreach.rendering.arms import each_arm

if TYPE_CHECKING:
    from outreach.rendering import Compiled, EditionContext, VariantKey

_PLEDGED = date(2026, 3, 2)
_NAMED = ("Amina", "Example", "practice manager")
_PRACTICE = Organisation("X00000", "Example Street Practice")


def sample_readers(hub: Hub) -> tuple[Reader, ...]:
    """Return made-up readers: every sector, area and pledge state, with and without a name.

    Those that are known best come first; the last is one of whom nothing is known.
    """
    boroughs = (*hub.boroughs, "")
    kinds = product((*hub.sectors, ""), (*hub.ics_areas, ""), (None, _PLEDGED))
    known = [
        Reader(
            *_NAMED,
            sector=sector,
            ics_area=area,
            borough=boroughs[place % len(boroughs)],
            organisation=_PRACTICE,
            pledged_on=pledged,
        )
        for place, (sector, area, pledged) in enumerate(kinds)
    ]
    nameless = [
        Reader(sector=one.sector, ics_area=one.ics_area, pledged_on=one.pledged_on) for one in known
    ]
    return (*known, *nameless)


def by_variant(compiled: Compiled, readers: Iterable[Reader]) -> dict[VariantKey, Reader]:
    """Return the first reader of each variant that these readers bring about, in order."""
    found: dict[VariantKey, Reader] = {}
    for reader in each_arm(readers, compiled.campaign):
        found.setdefault(compiled.key(reader), reader)
    return found


def samples(compiled: Compiled, hub: Hub, edition: EditionContext) -> tuple[Sample, ...]:
    """Return every variant that made-up readers bring about, to be judged.

    Raises InputError where the copy cannot be rendered.
    """
    found = by_variant(compiled, sample_readers(hub))
    return tuple(
        Sample(
            number=number,
            label=compiled.label(key),
            people=0,
            content=compiled.render(key, edition),
            values=compiled.values(reader),
        )
        for number, (key, reader) in enumerate(found.items(), start=1)
    )
