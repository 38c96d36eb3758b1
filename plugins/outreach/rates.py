"""How fast mail goes at the most: `rates:` and `warm_up:` of hub.yaml.

What these promise, and how, is in docs/decisions/0042.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

USUAL_PLAN = tuple(50 << day for day in range(14))
"""The days of a warm-up that names none: 50 people, doubled every day for two weeks."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many emails a second and an hour; None: no limit."""

    per_second: float | None = None
    per_hour: int | None = None

    def __bool__(self) -> bool:
        """Whether it limits anything."""
        return self.per_second is not None or self.per_hour is not None

    @property
    def burst(self) -> int:
        """How many may go at one moment under `per_second`: one second's worth, at least 1."""
        return max(1, int(self.per_second or 1))

    @property
    def most(self) -> int | None:
        """How many people one batch may have at the most."""
        sizes = [] if self.per_second is None else [self.burst]
        sizes += [] if self.per_hour is None else [self.per_hour]
        return min(sizes, default=None)

    @property
    def portion(self) -> int:
        """What must be free of an hour before more of it goes: five minutes' worth, at least 1."""
        return max(1, (self.per_hour or 1) // 12)

    @property
    def words(self) -> str:
        """Return "5 a second and 2,000 an hour"."""
        parts = [] if self.per_second is None else [f"{self.per_second:,g} a second"]
        parts += [] if self.per_hour is None else [f"{self.per_hour:,} an hour"]
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class ProviderRates:
    """What holds for one provider, and for single domains that it delivers to.

    A domain covers its subdomains; of two that cover an address, the longer one holds.
    """

    whole: Rate = Rate()
    domains: Mapping[str, Rate] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it limits anything."""
        return bool(self.whole) or bool(self.domains)

    def gateway(self, address: str) -> str:
        """Return which of `domains` an address belongs to, '' for none."""
        domain = address.rpartition("@")[2].lower()
        while domain and domain not in self.domains:
            domain = domain.partition(".")[2]
        return domain

    def most(self, gateway: str) -> int | None:
        """Return how many people of a gateway one batch may have at the most."""
        found = (self.whole.most, self.domains.get(gateway, Rate()).most)
        return min((size for size in found if size is not None), default=None)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What may go a day from a new domain: `per_day[0]` on the London day `begins`, and so on."""

    domain: str
    begins: date
    per_day: tuple[int, ...] = USUAL_PLAN

    def on(self, day: date) -> int | None:
        """Return how many may go on a day: none before it begins, None (no limit) afterwards."""
        number = (day - self.begins).days
        if number < 0:
            return 0
        return self.per_day[number] if number < len(self.per_day) else None

    @property
    def last(self) -> date:
        """The last day that it limits."""
        return self.begins + timedelta(days=len(self.per_day) - 1)

    def words(self, day: date) -> str:
        """Return "day 4 of 14: 400 today", or that it has not begun or is over."""
        number, allowed = (day - self.begins).days + 1, self.on(day)
        if number < 1:
            return f"begins on {self.begins:%d %B %Y}: nothing goes before".replace(" 0", " ")
        if allowed is None:
            return f"over since {self.last + timedelta(days=1):%d %B %Y}".replace(" 0", " ")
        return f"day {number} of {len(self.per_day)}: {allowed:,} today"


@dataclass(frozen=True, slots=True)
class Rates:
    """`rates:` and `warm_up:` of hub.yaml."""

    providers: Mapping[str, ProviderRates] = field(default_factory=dict)
    warm_up: WarmUp | None = None

    def __bool__(self) -> bool:
        """Whether they limit anything."""
        return bool(self.providers) or self.warm_up is not None

    def of(self, provider: str) -> ProviderRates:
        """Return what holds for a provider."""
        return self.providers.get(provider, UNLIMITED)

    def warming(self, sender: str) -> WarmUp | None:
        """Return the plan that holds for mail from this address, if one does."""
        plan = self.warm_up
        return plan if plan and sender.rpartition("@")[2].lower() == plan.domain else None


UNLIMITED = ProviderRates()
NO_RATES = Rates()
