"""What readers did: figures per edition and per London day, each rate with its denominator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outreach.ledger import engagement as ledger
from outreach.ledger.edition_store import get
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Rate:
    """`part` of `whole` people; `of` says who they are. `share` is None where there are none."""

    part: int
    whole: int
    of: str

    @property
    def share(self) -> float | None:
        """The rate from 0 to 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Engagement:
    """People of one edition, each counted once in each figure.

    `opened` and `clicked` are people; machines (scanners, prefetching mail apps) stand apart,
    and someone may be in both. `simulated` says that some of the events were made up. `arms`
    has the same figures of each arm by its name, where the edition has arms.
    """

    edition: str
    intended: int
    accepted: int
    delivered: int
    bounced: int
    opened: int
    machine_opened: int
    clicked: int
    machine_clicked: int
    unsubscribed: int
    complained: int
    simulated: bool
    arms: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def rates(self) -> dict[str, Rate]:
        """Figure -> its rate."""
        delivered = {
            name: Rate(getattr(self, name), self.delivered, "delivered")
            for name in ("opened", "clicked", "unsubscribed", "complained")
        }
        return {
            "delivered": Rate(self.delivered, self.accepted, "accepted"),
            "bounced": Rate(self.bounced, self.accepted, "accepted"),
            **delivered,
        }


@dataclass(frozen=True, slots=True)
class EngagementDay:
    """People whose first such fact of an edition fell on one London day."""

    day: date
    delivered: int = 0
    bounced: int = 0
    opened: int = 0
    machine_opened: int = 0
    clicked: int = 0
    machine_clicked: int = 0
    unsubscribed: int = 0
    complained: int = 0


def engagement(ws: Workspace, edition: str) -> Engagement:
    """Return the figures of the edition called `edition`. Raises NotFound."""
    with reading(ws.engine) as connection:
        edition_id = get(connection, edition).id
        counts = ledger.totals(connection, edition_id)
        simulated = ledger.has_simulated(connection, edition_id)
        arms = ledger.totals_by_arm(connection, edition_id)
    return Engagement(edition=edition, simulated=simulated, arms=arms, **counts)


def engagement_by_day(ws: Workspace) -> list[EngagementDay]:
    """Return the figures of all editions together, by London day in order.

    Days on which nothing happened are left out.
    """
    days: defaultdict[date, Counter[str]] = defaultdict(Counter)
    with reading(ws.engine) as connection:
        # London's offset is whole hours, so an hour of UTC lies within one London day.
        for name, hour, people in ledger.by_hour(connection):
            days[hour.astimezone(_LONDON).date()][name] += people
    return [EngagementDay(day, **counts) for day, counts in sorted(days.items())]


def any_simulated(ws: Workspace) -> bool:
    """Whether simulated events stand in the figures by day."""
    with reading(ws.engine) as connection:
        return ledger.has_simulated(connection)
