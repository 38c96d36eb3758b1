"""Who said what of a contact, purposes of a basis, matching, erasures and retention."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, UTCDateTime, count, flag, text, when

revision = "0003"
down_revision = "0002"


def _added() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "organisation": (text("name_key"), when("closed_at")),
        "contact": (
            text("organisation_postcode"),
            text("organisation_how"),
            flag("shared_mailbox"),
        ),
        "pledge": (
            flag("renewal"),
            sa.Column("import_id", BigId),
            text("withdrawn_by"),
            text("withdrawn_reason"),
        ),
        "basis": (text("purpose"), text("withdrawn_by"), text("withdrawn_reason")),
        "suppression": (text("by"), sa.Column("import_id", BigId)),
        "import": (
            when("file_modified_at"),
            text("by"),
            text("via"),
            sa.Column("corrects_id", BigId),
            count("new_pledges"),
            count("rows_total"),
            sa.Column("reasons", sa.JSON(), nullable=False, server_default="{}"),
        ),
        "quarantined_row": (sa.Column("mended_by", BigId),),
    }


_INDEXES = (
    ("organisation", "name_key"),
    ("organisation", "postcode"),
    ("organisation", "pcn_code"),
)


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    for table, name in _INDEXES:
        op.create_index(f"ix_{table}_{name}", table, [name])
    with op.batch_alter_table("basis") as basis:
        basis.drop_constraint("uq_basis_contact_id_kind", type_="unique")
        basis.create_unique_constraint(
            "uq_basis_contact_id_kind_purpose", ["contact_id", "kind", "purpose"]
        )
    _create_statement()
    _create_tracking_choice()
    _create_organisation_match()
    _create_erasure()
    _create_retention_run()


def _table(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _contact(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("contact_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f(f"fk_{table}_contact_id")
        ),
    )


def _create_statement() -> None:
    _table(
        "statement",
        *_contact("statement"),
        text("source"),
        sa.Column("import_id", BigId),
        sa.Column("stated_at", UTCDateTime(), nullable=False),
        text("said"),
        when("replaced_at"),
    )
    op.create_index("ix_statement_contact_id", "statement", ["contact_id"])


def _create_tracking_choice() -> None:
    _table(
        "tracking_choice",
        *_contact("tracking_choice"),
        flag("given"),
        text("evidence"),
        text("wording_version"),
        text("source"),
        sa.Column("at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_tracking_choice_contact_id", "tracking_choice", ["contact_id"])


def _create_organisation_match() -> None:
    _table(
        "organisation_match",
        text("name"),
        text("name_key"),
        text("postcode"),
        text("state"),
        sa.Column("organisation_id", BigId, nullable=True),
        sa.Column("candidates", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("judged_at", UTCDateTime(), nullable=False),
        when("settled_at"),
        text("settled_by"),
        text("settled_reason"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_match_organisation_id"),
        ),
        sa.UniqueConstraint(
            "name_key", "postcode", name=op.f("uq_organisation_match_name_key_postcode")
        ),
    )
    op.create_index("ix_organisation_match_state", "organisation_match", ["state"])


def _create_erasure() -> None:
    _table(
        "erasure",
        sa.Column("address_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        text("by"),
        text("via"),
        sa.Column("counts", sa.JSON(), nullable=False),
    )
    op.create_index("ix_erasure_address_hash", "erasure", ["address_hash"])


def _create_retention_run() -> None:
    _table(
        "retention_run",
        sa.Column("at", UTCDateTime(), nullable=False),
        text("by"),
        text("via"),
        flag("dry_run"),
        sa.Column("counts", sa.JSON(), nullable=False),
    )
