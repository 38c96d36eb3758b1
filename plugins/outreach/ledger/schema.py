"""Every table of the ledger under one metadata, for migrations and tests."""

from outreach.ledger import editions, people, resources
from outreach.ledger.columns import metadata

__all__ = ["editions", "metadata", "people", "resources"]
