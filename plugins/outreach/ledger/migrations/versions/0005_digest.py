"""Resources for several sectors and areas, withdrawn ones, and what each variant carries."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, UTCDateTime, count, flag, text, when

revision = "0005"
down_revision = "0004"

_PLACES = {"sectors": "sector", "ics_areas": "ics_area"}


def upgrade() -> None:
    op.add_column("edition", flag("digest"))
    for column in _added():
        op.add_column("resource", column)
    op.create_table(
        "resource_name",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("resource_id", BigId, sa.ForeignKey("resource.id"), nullable=False),
    )
    op.create_index("ix_resource_name_resource_id", "resource_name", ["resource_id"])
    op.create_table(
        "variant_resource",
        sa.Column("variant_id", BigId, sa.ForeignKey("variant.id"), primary_key=True),
        sa.Column("resource_id", BigId, sa.ForeignKey("resource.id"), primary_key=True),
        count("place"),
    )
    op.create_index("ix_variant_resource_resource_id", "variant_resource", ["resource_id"])
    _carry_over()
    for old in _PLACES.values():
        op.drop_column("resource", old)


def _added() -> tuple[sa.Column[Any], ...]:
    return (
        text("kind"),
        *(sa.Column(name, sa.JSON(), nullable=False, server_default="[]") for name in _PLACES),
        text("source"),
        when("withdrawn_at"),
        text("withdrawn_by"),
        text("withdrawn_reason"),
    )


def _carry_over() -> None:
    """Keep whom each resource is for; know it by its key and its page.

    Of two that lead to one page, the older is known by it and the other is withdrawn.
    """
    from outreach.sources.webaddress import page_of

    columns = ("id", "resource_key", "url", "sector", "ics_area", "withdrawn_reason")
    resource = sa.table(
        "resource",
        *(sa.column(name) for name in columns),
        *(sa.column(name, sa.JSON) for name in _PLACES),
        *(sa.column(name, UTCDateTime) for name in ("recorded_at", "withdrawn_at")),
    )
    names = sa.table("resource_name", sa.column("name"), sa.column("resource_id"))
    connection, pages = op.get_bind(), dict[str, int]()
    for row in connection.execute(sa.select(resource).order_by(resource.c.id)).all():
        values: dict[str, Any] = {
            name: [value] if (value := getattr(row, was)) else [] for name, was in _PLACES.items()
        }
        found = [f"key {row.resource_key}"]
        page = page_of(row.url)
        if pages.setdefault(page, row.id) == row.id:
            found.append(f"page {page}")
        else:
            values["withdrawn_at"] = row.recorded_at
            values["withdrawn_reason"] = "another resource leads to the same page"
        connection.execute(sa.update(resource).where(resource.c.id == row.id).values(**values))
        connection.execute(
            sa.insert(names), [{"name": name, "resource_id": row.id} for name in found]
        )
