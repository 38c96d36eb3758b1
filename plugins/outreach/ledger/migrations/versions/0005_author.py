"""Arms of a campaign, and the images that editions show."""

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import count, key, ref, text, when

revision = "0005_author"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("variant", text("arm"))
    op.create_table(
        "asset",
        key(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        text("kind"),
        count("width"),
        count("height"),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        when("added_at", nullable=False),
    )
    op.create_table(
        "edition_asset",
        ref("edition_id", "edition.id", primary_key=True),
        ref("asset_id", "asset.id", primary_key=True),
        sa.Index(None, "asset_id"),
    )
