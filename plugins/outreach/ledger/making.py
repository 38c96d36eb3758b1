"""What an import makes of a row about a person before the database is asked anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outreach.keys import Keys
from outreach.ledger.sayings import Sayings
from outreach.records import PersonRow

_MEMO = 20_000

Made = tuple[str, bool, bytes]
"""A row's words as a statement keeps them, whether its address is a shared mailbox, and the hash
of its domain. Holds what `marshal` can write."""

Shared = Callable[[Sequence[str]], list[bool]]
"""Tells of addresses whether each is a shared mailbox."""


def none_shared(addresses: Sequence[str]) -> list[bool]:
    """Say of every address that it is no shared mailbox."""
    return [False] * len(addresses)


class Making:
    """Makes of rows what is to be kept of them; each text and domain is worked out once."""

    def __init__(self) -> None:
        self._sayings = Sayings()
        self._domains: dict[str, bytes] = {}

    def of(self, rows: Sequence[PersonRow], keys: Keys, shared: Shared) -> list[Made]:
        """Return what is made of each row."""
        emails = [row[2] for row in rows]
        hashes = self._domain_hashes(emails, keys)
        return list(zip(self._sayings.of(rows), shared(emails), hashes, strict=True))

    def _domain_hashes(self, emails: Sequence[str], keys: Keys) -> list[bytes]:
        domains = [email.rpartition("@")[2] for email in emails]
        memo = self._domains
        if len(memo) > _MEMO:
            memo.clear()
        for domain in set(domains):
            if domain not in memo:
                memo[domain] = keys.domain_hash(domain)
        return [memo[domain] for domain in domains]
