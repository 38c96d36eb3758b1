"""Where a pledge stands: each organisation, and how many of each network, borough or area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.people import contact, organisation, pledge


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """Open organisations of one group: how many, with a pledge, and with one for the whole."""

    group: str
    code: str
    ics_area: str
    organisations: int
    pledged: int
    as_organisation: int


def standing_pledges() -> sa.Subquery:
    """Return SQL: each organisation with a standing pledge, and whether one is for the whole."""
    whole = sa.case((pledge.c.kind == "organisation", 1), else_=0)
    return (
        sa.select(contact.c.organisation_id, sa.func.max(whole).label("whole"))
        .join(contact, contact.c.id == pledge.c.contact_id)
        .where(pledge.c.withdrawn_at.is_(None), contact.c.organisation_id.is_not(None))
        .group_by(contact.c.organisation_id)
        .subquery("standing")
    )


def coverage(
    connection: sa.Connection, by: str, now: datetime, *, sector: str = "", ics_area: str = ""
) -> tuple[CoverageLine, ...]:
    """Return pledge coverage of open organisations by "pcn", "borough", "area" or "sector".

    Networks themselves are not counted: their members are. '' groups those where it is not known.
    """
    o, standing = organisation.c, standing_pledges()
    group, code = {
        "pcn": (
            sa.func.max(o.pcn_name),
            sa.func.coalesce(sa.func.nullif(o.pcn_code, ""), o.pcn_name),
        ),
        "borough": (o.borough, o.borough),
        "area": (o.ics_area, o.ics_area),
        "sector": (o.sector, o.sector),
    }[by]
    area = sa.func.max(o.ics_area) if by in ("pcn", "borough") else sa.literal("")
    query = (
        sa.select(
            group.label("group"),
            code.label("code"),
            area.label("ics_area"),
            sa.func.count().label("organisations"),
            sa.func.count(standing.c.organisation_id).label("pledged"),
            sa.func.coalesce(sa.func.sum(standing.c.whole), 0).label("as_organisation"),
        )
        .select_from(organisation)
        .outerjoin(standing, standing.c.organisation_id == o.id)
        .where(sa.or_(o.closed_at.is_(None), o.closed_at > now), o.pcn_code != o.ods_code)
        .group_by(code)
        .order_by("group", "code")
    )
    for column, wanted in ((o.sector, sector), (o.ics_area, ics_area)):
        if wanted:
            query = query.where(column == wanted)
    return tuple(CoverageLine(*row) for row in connection.execute(query))
