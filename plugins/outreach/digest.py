"""Which resources a reader's digest brings: new to them, and fit for their sector and area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from outreach.domain import Reader, Resource

NOTHING_NEW = "nothing new for them"
"""Why somebody is outside the audience of a digest."""

NOTHING_NEW_FOR_ANYBODY = "there is nothing new for anybody who may be written to"

SAMPLES = (
    Resource(
        "A sample resource",
        "https://example.org/a-sample-resource",
        "What it is, in a sentence or two.",
        "guide",
        date(2026, 3, 2),
    ),
    Resource("Another sample resource", "https://example.org/another-sample-resource"),
)
"""What stands in for resources wherever copy is shown or judged before an edition of it."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How much one email brings: from `min` to `max` resources, none older than `since_days`."""

    max: int = 10
    min: int = 1
    since_days: int = 90


@dataclass(frozen=True, slots=True)
class Listed:
    """A resource with its number and whom it is for; an empty tuple means everybody."""

    id: int
    shown: Resource
    sectors: tuple[str, ...] = ()
    ics_areas: tuple[str, ...] = ()

    def fits(self, sector: str, ics_area: str) -> bool:
        """Whether it is for somebody there; where a place is not known, only what is for all."""
        return (not self.sectors or sector in self.sectors) and (
            not self.ics_areas or ics_area in self.ics_areas
        )


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses for each reader. `listed` has the newest first; `told` maps an address hash to the
    numbers of what went, or is about to go, to that address."""

    digest: Digest
    listed: tuple[Listed, ...]
    told: Mapping[bytes, frozenset[int]]
    _fitting: dict[tuple[str, str], tuple[Listed, ...]] = field(default_factory=dict)

    def choose(self, reader: Reader, address_hash: bytes) -> tuple[Listed, ...]:
        """Return what a reader's digest brings, the newest first; () where too little is new."""
        known = self.told.get(address_hash, frozenset())
        new: Iterator[Listed] = (
            one for one in self._for(reader.sector, reader.ics_area) if one.id not in known
        )
        chosen = tuple(islice(new, self.digest.max))
        return chosen if len(chosen) >= self.digest.min else ()

    def _for(self, sector: str, ics_area: str) -> tuple[Listed, ...]:
        place = (sector, ics_area)
        if place not in self._fitting:
            self._fitting[place] = tuple(one for one in self.listed if one.fits(*place))
        return self._fitting[place]
