"""What preparing an edition came to, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass

from outreach.ledger import edition_store
from outreach.ledger.certificate import certificate
from outreach.ledger.engine import reading
from outreach.scheduling.steps import Step
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` froze, or found frozen already (`created` False)."""

    edition: str
    created: bool
    state: str
    intended: int
    planned: int
    suppressed: dict[str, int]
    excluded: dict[str, int]
    variants: int
    message: str


def described(ws: Workspace, name: str, *, created: bool) -> Prepared:
    """Return an edition that was just prepared, or existed already."""
    with reading(ws.engine) as connection:
        account = certificate(connection, name)
        count = len(edition_store.variants(connection, edition_store.get(connection, name).id))
    planned = account.planned
    message = (
        f"{name} is prepared: {planned} of {account.intended} people are to be written to"
        if created
        else f"{name} exists already ({account.state}): nothing was changed, and no one gets it "
        "twice. Name another occurrence for a new edition"
    )
    return Prepared(
        edition=name,
        created=created,
        state=account.state,
        intended=account.intended,
        planned=planned,
        suppressed=account.reasons.get("suppressed", {}),
        excluded=account.excluded_by_reason,
        variants=count,
        message=message,
    )


def nothing_due(name: str, step: Step) -> Prepared:
    """Return that nobody's step was due, so that there is no edition."""
    day = f"{step.day.day} {step.day:%B %Y}"
    said = f"nobody's step is due on {day}: no edition was made"
    return Prepared(name, False, "", 0, 0, {}, {}, 0, said)
