"""Which edition another one follows up, and whom of it."""

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, text

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("edition", sa.Column("follows", BigId))
    op.add_column("edition", text("follows_to"))
