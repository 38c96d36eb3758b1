"""What asking for a batch gives: the batch with its people, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class ClaimedPerson(NamedTuple):
    """One delivery of a claimed batch, as frozen at prepare.

    A tuple, as there are millions: `zip(*people)` gives their addresses and so on as columns.
    """

    contact_id: int
    address: str
    address_hash: bytes
    occasion: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """A batch that this sender, and no other, may hand over until `lease_until`."""

    batch_id: int
    edition_id: int
    variant_id: int
    number: int
    epoch: int
    attempts: int
    claimed_at: datetime
    lease_until: datetime
    people: tuple[ClaimedPerson, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No batch to claim now. `wait_until` is set where one is planned for later."""

    why: str
    wait_until: datetime | None = None
    finished: bool = False


ANOTHER_TRY = "the rest waits for another try"
"""Why there is nothing where every planned batch was put off."""
