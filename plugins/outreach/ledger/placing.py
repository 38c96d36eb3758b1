"""Where a contact counts as working: what they say, or else what their organisation's entry says.

Nothing of it is written to the contact: it is read so wherever an audience or a total asks, and
follows when the contact moves or the register changes. Each needs `organisation` outer-joined.
"""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.people import contact, organisation


def _else_of(name: str) -> sa.ColumnElement[str]:
    own = contact.c[name]
    return sa.case((own != "", own), else_=sa.func.coalesce(organisation.c[name], ""))


SECTOR = _else_of("sector")
ICS_AREA = _else_of("ics_area")
BOROUGH = _else_of("borough")

AS_READ = (
    SECTOR.label("read_sector"),
    ICS_AREA.label("read_ics_area"),
    BOROUGH.label("read_borough"),
)
"""The three as columns that `audience.reader_of` understands."""
