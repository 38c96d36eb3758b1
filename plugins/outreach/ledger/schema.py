"""Every table of the ledger under one metadata, for migrations and tests."""

from outreach.ledger import approval_tables, assets, editions, people, resources
from outreach.ledger.columns import metadata

__all__ = ["approval_tables", "assets", "editions", "metadata", "people", "resources"]
