"""A follow-up: an edition for exactly those who were accepted (or failed) in an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from outreach.campaigns import Campaign, load_library
from outreach.domain import ACCEPTED_OR_LATER, DeliveryState, Following
from outreach.errors import InputError, Refused
from outreach.flows.layouts import layouts
from outreach.flows.prepared import Prepared
from outreach.flows.preparing import find_campaign, prepare
from outreach.flows.previewing import Preview, preview
from outreach.ledger import edition_store, follow_ups, freeze, views
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.workspace import Workspace

S = DeliveryState

KINDS = ("accepted", "failed")
_COUNTED = {"accepted": ACCEPTED_OR_LATER, "failed": frozenset({S.FAILED})}
_IN_DOUBT = (S.UNKNOWN, S.CLAIMED)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a follow-up would be: its name, how many people it goes to, and who is left out.

    `followed` people of the edition are meant; `in_doubt` ones are listed there, not written to.
    """

    name: str
    follows: Following
    followed: int
    in_doubt: int
    preview: Preview

    @property
    def message(self) -> str:
        """The figures in words."""
        doubts = (
            f"\n{self.in_doubt} in doubt in {self.follows.edition} are not written to: settle "
            "them first, if they should be"
            if self.in_doubt
            else ""
        )
        return (
            f"Nothing was kept. {self.name} would go to {self.follows.words}: "
            f"{self.followed} people. {self.preview.message}{doubts}"
        )


def following(edition: str, to: str) -> Following:
    """Return what a follow-up is to. Raises InputError where `to` is neither of `KINDS`."""
    if to == "accepted":
        return Following(edition, "accepted")
    if to == "failed":
        return Following(edition, "failed")
    raise InputError(f"say to whom: {' or '.join(KINDS)}, not {to!r}")


def follow_up(
    ws: Workspace,
    follows: Following,
    slug: str,
    *,
    by: str,
    via: str,
    send_at: datetime | None = None,
) -> Prepared:
    """Prepare a follow-up with the copy of campaign `slug`; asked again, it changes nothing.

    Raises NotFound, Refused (the edition has not ended, nobody is meant, or they have this very
    copy), InputError (a fault in the file).
    """
    must_be_in_order(ws, follows, slug)
    return prepare(ws, slug, follows.occurrence, by=by, via=via, send_at=send_at, follows=follows)


def must_be_in_order(ws: Workspace, follows: Following, slug: str) -> None:
    """Raise what `follow_up` does; one that was made already is in order, and not made again."""
    name = f"{slug}@{follows.occurrence}"
    with reading(ws.engine) as connection:
        if freeze.exists(connection, name):
            made = edition_store.get(connection, name)
            if follow_ups.followed(connection, made.id) == follows:
                return
            raise Refused(
                f"{name} exists and does not follow {follows.edition} up; it has the name that "
                "the follow-up would have"
            )
    must_be_possible(ws, follows, slug)


def look(ws: Workspace, follows: Following, slug: str) -> FollowUp:
    """Return what a follow-up would be, with nothing kept. Raises what `follow_up` does."""
    followed, in_doubt = must_be_possible(ws, follows, slug)
    found = preview(ws, slug, follows.occurrence, follows=follows)
    return FollowUp(f"{slug}@{follows.occurrence}", follows, followed, in_doubt, found)


def must_be_possible(ws: Workspace, follows: Following, slug: str) -> tuple[int, int]:
    """Return how many people of the edition are meant, and how many are in doubt."""
    campaign = find_campaign(ws, slug)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, follows.edition)
        counts = views.state_counts(connection, [record.id])[record.id]
    if record.state in edition_store.OPEN:
        raise Refused(
            f"{record.name} is {record.state}: it is not clear yet who gets it. Let it end, or "
            "cancel what is left of it; then follow it up"
        )
    meant = sum(counts.get(state, 0) for state in _COUNTED[follows.to])
    in_doubt = sum(counts.get(state, 0) for state in _IN_DOUBT)
    if not meant:
        doubts = f"; {in_doubt} are in doubt: settle them first" if in_doubt else ""
        raise Refused(f"nobody {follows.to} in {record.name}{doubts}")
    _must_be_other_copy(ws, campaign, record, follows)
    return meant, in_doubt


def _must_be_other_copy(
    ws: Workspace, campaign: Campaign, record: EditionRecord, follows: Following
) -> None:
    if campaign.digest:
        raise Refused(
            f"{campaign.slug} brings each reader something else, so it cannot follow an edition "
            "up. Write the correction in a file of its own"
        )
    same = campaign.content_hash(ws.hub, layouts(ws)) == record.source_hash
    if same and follows.to == "accepted":
        raise Refused(
            f"those who were accepted in {record.name} have this very copy: nobody gets it "
            f"twice. Write the correction in a file of its own, or edit {campaign.file.name}"
        )


def possible_campaigns(ws: Workspace) -> tuple[str, ...]:
    """Return the campaigns whose copy a follow-up can have."""
    campaigns = load_library(ws.settings.campaigns, ws.hub).campaigns
    return tuple(sorted(slug for slug, found in campaigns.items() if found.digest is None))
