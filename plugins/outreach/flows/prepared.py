"""What preparing an edition came to, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass

from outreach.digest import NOTHING_NEW, NOTHING_NEW_FOR_ANYBODY
from outreach.ledger import edition_store
from outreach.ledger.certificate import certificate
from outreach.ledger.engine import reading
from outreach.scheduling.steps import Step
from outreach.workspace import Workspace

NOBODY = "there is nobody to write to"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` froze, or found frozen already (`created` False).

    `nobody` is what to say where `planned` is 0.
    """

    edition: str
    created: bool
    state: str
    intended: int
    planned: int
    suppressed: dict[str, int]
    excluded: dict[str, int]
    variants: int
    message: str
    nobody: str = NOBODY


def described(ws: Workspace, name: str, *, created: bool) -> Prepared:
    """Return an edition that was just prepared, or existed already."""
    with reading(ws.engine) as connection:
        account = certificate(connection, name)
        count = len(edition_store.variants(connection, edition_store.get(connection, name).id))
    planned, excluded = account.planned, account.excluded_by_reason
    nothing_new = NOTHING_NEW in excluded and not planned
    nobody = NOTHING_NEW_FOR_ANYBODY if nothing_new else NOBODY
    counted = f"{planned} of {account.intended} people are to be written to"
    message = (
        f"{name} is prepared: {nobody if nothing_new else counted}"
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
        excluded=excluded,
        variants=count,
        message=message,
        nobody=nobody,
    )


def nothing_due(name: str, step: Step) -> Prepared:
    """Return that nobody's step was due, so that there is no edition."""
    day = f"{step.day.day} {step.day:%B %Y}"
    said = f"nobody's step is due on {day}: no edition was made"
    return Prepared(name, False, "", 0, 0, {}, {}, 0, said)
