"""Batches of one gateway, for rates by domain; and what only the journal knew is found fast."""

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import text

revision = "0011"
down_revision = "0010"

_KNOWN = sa.text("recovered_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("batch", text("gateway"))
    op.create_index(
        "ix_delivery_recovered_at",
        "delivery",
        ["recovered_at"],
        sqlite_where=_KNOWN,
        postgresql_where=_KNOWN,
    )
