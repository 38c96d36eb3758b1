"""One rate, of a provider or of one domain that it delivers to, as it stands in a claim."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from outreach.ledger import rate_use
from outreach.rates import Rate


class Lane:
    """What may go by `provider` now, to the domain `gateway` or altogether."""

    def __init__(
        self, connection: sa.Connection, provider: str, gateway: str, rate: Rate, at: datetime
    ) -> None:
        self._connection, self._at, self._rate = connection, at, rate
        self._provider, self._gateway = provider, gateway
        self._bucket: rate_use.Bucket | None = None
        self.left: int | None = None
        if rate.per_second is not None:
            name = f"{provider} {gateway}".rstrip()
            self._bucket = rate_use.Bucket(connection, name, rate, at)
        if rate.per_hour is not None:
            used = rate_use.in_the_hour(connection, provider, gateway, at)
            self.left = rate.per_hour - used

    @property
    def words(self) -> str:
        """Return "held to 100 an hour by smtp", or "... to nhs.net"."""
        whom = f"to {self._gateway}" if self._gateway else f"by {self._provider}"
        return f"held to {self._rate.words} {whom}"

    def due(self, people: int) -> datetime:
        """Return when a batch of so many, or a part of it worth the while, may go."""
        due = self._at
        needed = min(people, self._rate.portion)
        if self.left is not None and self.left < needed:
            short = needed - self.left
            due = rate_use.free_again(
                self._connection, self._provider, self._gateway, self._at, short
            )
        if self._bucket:
            due = max(due, self._bucket.due(min(people, self._rate.burst)))
        return due

    def take(self, people: int) -> None:
        """Note that so many go now."""
        if self._bucket:
            self._bucket.take(self._connection, people)
