"""Which edition another one follows up, and whom of it."""

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("edition", sa.Column("follows", BigId))
    op.add_column("edition", text("follows_to"))
