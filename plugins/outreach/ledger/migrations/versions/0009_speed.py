"""The index of contacts by organisation is in stretches, and has only those who have one."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KNOWN = sa.text("organisation_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_contact_organisation_id", "contact")
    op.create_index(
        "ix_contact_organisation",
        "contact",
        [sa.text("(id >> 12)"), "organisation_id"],
        sqlite_where=_KNOWN,
        postgresql_where=_KNOWN,
    )
