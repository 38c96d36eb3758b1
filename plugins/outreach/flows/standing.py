"""Standing approvals: which hold for what the files say now, and withdrawing one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.campaigns import load_library
from outreach.errors import NotFound, Refused
from outreach.flows.deputies import approvers, must_order_here
from outreach.flows.layouts import layouts
from outreach.flows.who import named
from outreach.ledger import edition_store, standing_store
from outreach.ledger.engine import reading
from outreach.ledger.standing_store import StandingRow
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing approval. `void` says why no edition would go by it now; '' where one would."""

    row: StandingRow
    title: str
    void: str


def standing_approvals(ws: Workspace, *, with_void: bool = False) -> tuple[Standing, ...]:
    """Return the standing approvals that hold; `with_void` also those that an edit ended."""
    library = load_library(ws.settings.campaigns, ws.hub)
    with reading(ws.engine) as connection:
        rows = standing_store.standing(connection)
    found = []
    for row in rows:
        campaign = library.campaigns.get(row.campaign)
        if campaign is None:
            void = "its file is gone or has faults"
        elif campaign.approval != "standing":
            void = "the campaign asks a person for each edition now"
        elif campaign.content_hash(ws.hub, layouts(ws)) != row.content_hash:
            void = "its file, its layout or hub.yaml was edited since"
        else:
            void = ""
        found.append(Standing(row, campaign.title if campaign else row.campaign, void))
    return tuple(one for one in found if with_void or not one.void)


def withdraw_standing(ws: Workspace, number: int, *, by: str, via: str, reason: str) -> str:
    """Withdraw a standing approval as an approver of its campaign; returns the campaign.

    Editions that it approved already stay approved: cancel them. The next one asks a person.
    Raises Refused for anybody else and without a reason, NotFound.
    """
    reason = named(by, reason, "a standing approval is withdrawn")
    must_order_here(ws, via)
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        rows = {row.id: row for row in standing_store.standing(connection)}
    if number not in rows:
        raise NotFound(f"there is no standing approval {number}, or it is withdrawn already")
    slug = rows[number].campaign
    able = approvers(ws, slug)
    if by not in able:
        raise Refused(f"{by} is not an approver of {slug}: ask {' or '.join(able)}")
    with ws.engine.begin() as connection:
        if standing_store.withdraw(connection, number, by, reason, now):
            edition_store.note(
                connection,
                who=by,
                via=via,
                action="withdraw the standing approval",
                subject=slug,
                at=now,
                detail=reason,
            )
    return slug
