"""What asking for a batch gives: the batch with its people, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any, NamedTuple, overload


class ClaimedPerson(NamedTuple):
    """One delivery of a claimed batch, as frozen at prepare."""

    contact_id: int
    address: str
    address_hash: bytes
    occasion: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimedPeople(Sequence[ClaimedPerson]):
    """The people of a batch column by column, as they are read and handed over.

    A person of it is made when asked for: there are millions.
    """

    contact_ids: Sequence[int]
    addresses: Sequence[str]
    address_hashes: Sequence[bytes]
    occasions: Sequence[str]
    values: Sequence[Sequence[str]]

    def only(self, stays: Callable[[int], bool]) -> ClaimedPeople:
        """Return those of them whose contact id `stays`."""
        chosen = list(map(stays, self.contact_ids))
        return ClaimedPeople(*[list(compress(column, chosen)) for column in self._columns()])

    def __len__(self) -> int:
        return len(self.contact_ids)

    def __iter__(self) -> Iterator[ClaimedPerson]:
        return map(_person, zip(*self._columns(), strict=True))

    @overload
    def __getitem__(self, index: int) -> ClaimedPerson: ...

    @overload
    def __getitem__(self, index: slice) -> ClaimedPeople: ...

    def __getitem__(self, index: int | slice) -> ClaimedPerson | ClaimedPeople:
        found = [column[index] for column in self._columns()]
        if isinstance(index, slice):
            return ClaimedPeople(*found)
        return _person(found)

    def _columns(self) -> list[Any]:
        frozen = [self.contact_ids, self.addresses, self.address_hashes, self.occasions]
        return [*frozen, self.values]


def _person(row: Iterable[Any]) -> ClaimedPerson:
    *frozen, values = row
    return ClaimedPerson._make((*frozen, tuple(values)))


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
    people: ClaimedPeople


@dataclass(frozen=True, slots=True)
class Nothing:
    """No batch to claim now. `wait_until` is set where one is planned for later."""

    why: str
    wait_until: datetime | None = None
    finished: bool = False


ANOTHER_TRY = "the rest waits for another try"
"""Why there is nothing where every planned batch was put off."""
