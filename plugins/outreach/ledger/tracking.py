"""Consent to count a person's own clicks: each choice made, and the contact's present state.

It stands apart from consent to mail: either can be given or withdrawn without the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.people import contact, tracking_choice


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of one contact; `wording_version` names the words they were asked with."""

    contact_id: int
    given: bool
    evidence: str
    source: str
    at: datetime
    wording_version: str = ""


def note_choices(connection: sa.Connection, choices: Sequence[Choice]) -> None:
    """Add to the history; the caller writes the contacts' flags."""
    if choices:
        connection.execute(
            sa.insert(tracking_choice),
            [
                {
                    "contact_id": one.contact_id,
                    "given": one.given,
                    "evidence": one.evidence,
                    "wording_version": one.wording_version,
                    "source": one.source,
                    "at": one.at,
                }
                for one in choices
            ],
        )


def choose(connection: sa.Connection, choice: Choice) -> bool:
    """Make a choice the present one; return whether it differs from the last.

    An erased person's is not taken. The same choice again leaves the history as it is.
    """
    done = connection.execute(
        sa.update(contact)
        .where(
            contact.c.id == choice.contact_id,
            contact.c.erased_at.is_(None),
            contact.c.tracking_consent != choice.given,
        )
        .values(tracking_consent=choice.given, updated_at=choice.at)
    )
    if done.rowcount != 1:
        return False
    note_choices(connection, [choice])
    return True
