"""The index of contacts by organisation leaves out those whose organisation is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NAME = "ix_contact_organisation_id"
_KNOWN = "organisation_id IS NOT NULL"


def upgrade() -> None:
    op.drop_index(_NAME, "contact")
    known = sa.text(_KNOWN)
    op.create_index(
        _NAME, "contact", ["organisation_id"], sqlite_where=known, postgresql_where=known
    )
