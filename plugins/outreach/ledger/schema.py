"""Every table of the ledger under one metadata, for migrations and tests."""

from outreach.ledger import assets, editions, people
from outreach.ledger.columns import metadata

__all__ = ["assets", "editions", "metadata", "people"]
