"""What a person settled of an organisation, since when things hold, how a file was read."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import count, text, when

revision = "0004"
down_revision = "0003"

_PAGE = 10_000


def _added() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "organisation": (
            text("type_set_by"),
            text("type_reason"),
            when("type_set_at"),
            when("pcn_since"),
            when("opened_at"),
        ),
        "basis": (when("given_at"),),
        "import": (
            when("progress_at"),
            sa.Column("how", sa.JSON(), nullable=False, server_default="{}"),
        ),
        "organisation_match": (count("people"),),
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    _mark_shared_mailboxes()


def _mark_shared_mailboxes() -> None:
    """Judge the addresses of contacts from before: later ones are judged as they come in."""
    from outreach.sources.mailboxes import is_shared_mailbox

    contact = sa.table(
        "contact", sa.column("id"), sa.column("email"), sa.column("shared_mailbox", sa.Boolean)
    )
    connection, last = op.get_bind(), 0
    query = sa.select(contact.c.id, contact.c.email).order_by(contact.c.id).limit(_PAGE)
    mark = sa.update(contact).where(contact.c.id == sa.bindparam("number"))
    while page := connection.execute(query.where(contact.c.id > last)).all():
        last = page[-1].id
        shared = [{"number": row.id} for row in page if row.email and is_shared_mailbox(row.email)]
        if shared:
            connection.execute(mark.values(shared_mailbox=True), shared)
