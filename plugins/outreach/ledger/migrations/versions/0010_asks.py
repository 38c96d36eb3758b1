"""What an edition's segment asks about earlier sends, so that claims can ask it once more."""

from alembic import op

from outreach.ledger.columns import text

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("edition", text("asks"))
