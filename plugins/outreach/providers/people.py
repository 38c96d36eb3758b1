"""The recipients of a batch column by column, as the ledger gives them and SendGrid takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from outreach.providers.base import Recipient
from outreach.providers.columns import Column


class People(Sequence[Recipient]):
    """The recipients of a batch; each is made when it is first asked for.

    `values` holds a column for each slot, and all columns have one length.
    """

    def __init__(
        self,
        delivery_ids: Sequence[str],
        addresses: Sequence[str],
        values: Sequence[Sequence[str]],
        unsubscribe_urls: Sequence[str],
    ) -> None:
        self.delivery_ids = delivery_ids
        self.addresses = addresses
        self.values = values
        self.unsubscribe_urls = unsubscribe_urls

    @cached_property
    def columns(self) -> list[Column]:
        """The values, slot by slot."""
        return [Column(texts) for texts in self.values]

    @cached_property
    def links(self) -> Column:
        """The links to unsubscribe, which are mostly one of `columns`."""
        found = (one for one in self.columns if one.texts is self.unsubscribe_urls)
        return next(found, None) or Column(self.unsubscribe_urls)

    @cached_property
    def _recipients(self) -> tuple[Recipient, ...]:
        rows = zip(*self.values, strict=True) if self.values else [()] * len(self)
        every = zip(self.delivery_ids, self.addresses, rows, self.unsubscribe_urls, strict=True)
        return tuple(Recipient(*one) for one in every)

    def __len__(self) -> int:
        return len(self.addresses)

    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._recipients)

    @overload
    def __getitem__(self, index: int) -> Recipient: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Recipient, ...]: ...

    def __getitem__(self, index: int | slice) -> Recipient | tuple[Recipient, ...]:
        return self._recipients[index]


def by_column(recipients: Sequence[Recipient]) -> People:
    """Return recipients column by column, with as many values as each of them has."""
    if isinstance(recipients, People):
        return recipients
    return People(
        [one.delivery_id for one in recipients],
        [one.address for one in recipients],
        list(zip(*(one.values for one in recipients), strict=False)),
        [one.unsubscribe_url for one in recipients],
    )
