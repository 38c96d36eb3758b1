"""What keeps an edition from being claimed: the global stop, its campaign's hold, its control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import Control, EditionState
from outreach.ledger.claimed import Nothing
from outreach.ledger.editions import campaign, edition, fact
from outreach.ledger.facts import get_fact, set_fact

GLOBAL_STOP = "global stop"
_STOPPED_BY = "global stop by"

ITSELF = "outreach"
"""Who ordered what nobody ordered, for the history."""


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Who stopped all sending, when and why."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CampaignHold:
    """Who holds a campaign, since when and why; `by` is "outreach" where it did so by itself."""

    campaign: str
    by: str
    reason: str
    at: datetime

    @property
    def itself(self) -> bool:
        """Whether Outreach holds it, because of its complaints, bounces or refusals."""
        return self.by == ITSELF

    @property
    def who(self) -> str:
        """Who holds it, in words."""
        return _who(self.by)


def held(connection: sa.Connection, edition_id: int, now: datetime) -> Nothing | None:
    """Return why nothing of this edition may be claimed at `now`, or None where it may.

    Only the provider's wish to wait has a time when it ends by itself.
    """
    row = connection.execute(_ORDERS, {"edition": edition_id}).one()
    ordered = _ordered(row)
    if ordered:
        return Nothing(ordered)
    if row.state == EditionState.SENT:
        return Nothing("everything of it was sent already", finished=True)
    if row.state not in (EditionState.APPROVED, EditionState.SENDING):
        return Nothing(f"the edition is {row.state}, not approved")
    until = datetime.fromisoformat(row.hold) if row.hold else now
    if until > now:
        return Nothing("the provider asked to wait", wait_until=until)
    return None


def _fact(name: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    return sa.select(fact.c.value).where(fact.c.name == name).correlate(edition).scalar_subquery()


_ORDERS = (
    sa.select(
        edition.c.state,
        edition.c.control,
        edition.c.control_reason,
        edition.c.provider,
        campaign.c.paused_at,
        campaign.c.paused_by,
        campaign.c.paused_reason,
        _fact(sa.literal(GLOBAL_STOP)).label("stopped"),
        _fact(sa.literal(_STOPPED_BY)).label("stopped_by"),
        _fact("hold:" + edition.c.provider).label("hold"),
    )
    .join(campaign, campaign.c.id == edition.c.campaign_id)
    .where(edition.c.id == sa.bindparam("edition"))
)
"""Made once: a claim asks it, and whoever is about to hand over."""


def paused_words(reason: str) -> str:
    """Say of an edition that is paused who did it and why: "is paused by amy: a wrong link"."""
    if not reason or reason.startswith("by "):
        return f"is paused {reason}".rstrip()
    return f"paused itself: {reason}"


def stop_order(connection: sa.Connection) -> StopOrder | None:
    """Return the standing order to stop all sending, if there is one."""
    row = connection.execute(
        sa.select(fact.c.value, fact.c.at).where(fact.c.name == GLOBAL_STOP, fact.c.value != "")
    ).first()
    if row is None:
        return None
    return StopOrder(get_fact(connection, _STOPPED_BY), row.value, row.at)


def stop(connection: sa.Connection, by: str, reason: str, now: datetime) -> None:
    """Let no further batch of any edition be claimed."""
    set_fact(connection, _STOPPED_BY, by, now)
    set_fact(connection, GLOBAL_STOP, reason, now)


def lift_stop(connection: sa.Connection, now: datetime) -> None:
    """Let batches be claimed again: whatever is being sent has been looked at now."""
    set_fact(connection, GLOBAL_STOP, "", now)
    _looked_at(connection, sa.true(), now)


def hold_of(connection: sa.Connection, slug: str) -> CampaignHold | None:
    """Return the hold of the campaign called `slug`, if it is held."""
    return next(iter(_holds(connection, campaign.c.slug == slug)), None)


def holds(connection: sa.Connection) -> tuple[CampaignHold, ...]:
    """Return every campaign that is held, by slug."""
    return tuple(_holds(connection, sa.true()))


def hold(connection: sa.Connection, campaign_id: int, by: str, reason: str, now: datetime) -> None:
    """Hold a campaign, whoever held it before."""
    connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(paused_at=now, paused_by=by, paused_reason=reason)
    )


def hold_if_running(
    connection: sa.Connection, campaign_id: int, by: str, reason: str, now: datetime
) -> bool:
    """Hold a campaign that nobody holds; returns whether this did."""
    done = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_(None))
        .values(paused_at=now, paused_by=by, paused_reason=reason)
    )
    return bool(done.rowcount)


def release(connection: sa.Connection, campaign_id: int, now: datetime) -> bool:
    """Let a held campaign go on, what was known until now having been judged."""
    done = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_not(None))
        .values(paused_at=None, paused_by="", paused_reason="", judged_from=now)
    )
    # It does not rest from judging either: whoever let it go on wants to know at once.
    connection.execute(sa.update(fact).where(fact.c.name == watch_fact(campaign_id)).values(at=now))
    _looked_at(connection, edition.c.campaign_id == campaign_id, now)
    return bool(done.rowcount)


def watch_fact(campaign_id: int) -> str:
    """Return the name of the fact that keeps what a campaign was last judged on."""
    return f"watched:{campaign_id}"


def _looked_at(connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    """A person let these editions go on, so that none of them has stood still unseen."""
    connection.execute(
        sa.update(edition).where(which, edition.c.state == EditionState.SENDING).values(seen_at=now)
    )


def _ordered(row: sa.Row) -> str:  # type: ignore[type-arg]
    if row.stopped:
        by = f" by {row.stopped_by}" if row.stopped_by else ""
        return f"all sending is stopped{by}: {row.stopped}"
    if row.control == Control.RUN and row.paused_at is not None:
        return f"its campaign is held by {_who(row.paused_by)}: {row.paused_reason}"
    if row.control == Control.PAUSE:
        return f"the edition {paused_words(row.control_reason)}"
    if row.control == Control.STOP:
        return f"the edition has ended: {row.control_reason}".rstrip(": ")
    return ""


def _who(by: str) -> str:
    return "Outreach itself" if by == ITSELF else by


def _holds(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[CampaignHold]:
    rows = connection.execute(
        sa.select(campaign)
        .where(which, campaign.c.paused_at.is_not(None))
        .order_by(campaign.c.slug)
    )
    return [CampaignHold(r.slug, r.paused_by, r.paused_reason, r.paused_at) for r in rows]
