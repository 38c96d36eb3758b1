"""The words of Outreach as values: enums, the delivery state machine, frozen records.

Standard library only; every other module may import this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where one delivery (contact x edition) stands; see `TRANSITIONS`."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


_S = DeliveryState

TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.PLANNED: frozenset({_S.CLAIMED, _S.SUPPRESSED, _S.CANCELLED, _S.UNKNOWN}),
    _S.CLAIMED: frozenset(
        {
            _S.PLANNED,
            _S.ACCEPTED,
            _S.FAILED,
            _S.UNKNOWN,
            _S.DEFERRED,
            _S.DELIVERED,
            _S.BOUNCED,
            _S.DROPPED,
        }
    ),
    _S.UNKNOWN: frozenset(
        {_S.ACCEPTED, _S.DEFERRED, _S.DELIVERED, _S.BOUNCED, _S.DROPPED, _S.FAILED}
    ),
    _S.ACCEPTED: frozenset({_S.DEFERRED, _S.DELIVERED, _S.BOUNCED, _S.DROPPED}),
    _S.DEFERRED: frozenset({_S.DELIVERED, _S.BOUNCED, _S.DROPPED}),
    _S.DELIVERED: frozenset({_S.BOUNCED}),
    _S.DROPPED: frozenset({_S.DELIVERED, _S.BOUNCED}),
    _S.BOUNCED: frozenset(),
    _S.SUPPRESSED: frozenset({_S.UNKNOWN}),
    _S.CANCELLED: frozenset({_S.UNKNOWN}),
    _S.FAILED: frozenset({_S.ACCEPTED, _S.DEFERRED, _S.DELIVERED, _S.BOUNCED, _S.DROPPED}),
}
"""Every lawful step. `planned`, `suppressed` and `cancelled -> unknown` are taken only by recovery
from the claim journal, where a restored ledger had forgotten a claim;
`failed -> accepted...` only by an event that carries our id and so proves the hand-over;
`dropped -> delivered` so that the order in which events arrive does not matter."""


def may_become(old: DeliveryState, new: DeliveryState) -> bool:
    """Whether a delivery in `old` may move to `new` (staying put is not a move)."""
    return new in TRANSITIONS[old]


ACCEPTED_OR_LATER = frozenset({_S.ACCEPTED, _S.DEFERRED, _S.DELIVERED, _S.BOUNCED, _S.DROPPED})
"""States that prove the provider took the message."""


class EditionState(StrEnum):
    """Where an edition stands as a whole."""

    PREPARED = "prepared"
    APPROVED = "approved"
    REJECTED = "rejected"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    RECOVERED = "recovered"


def state_words(state: str) -> str:
    """Return a delivery's state as people read it: "in doubt" rather than "unknown"."""
    return _STATE_WORDS.get(state, str(state))


_STATE_WORDS = {"unknown": "in doubt", "claimed": "being handed over"}


class Control(StrEnum):
    """What a person last ordered for a running edition."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class EventType(StrEnum):
    """A later fact about a delivery, in our words."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    UNKNOWN = "unknown"


class Purpose(StrEnum):
    """Why a campaign writes; decides which bases allow it."""

    DIRECT_MARKETING = "direct_marketing"
    PUBLIC_TASK = "public_task"


class BasisKind(StrEnum):
    """On what ground a contact may be written to. There is no "soft opt-in"."""

    CONSENT = "consent"
    PUBLIC_TASK = "public_task"


class SubscriberType(StrEnum):
    """PECR subscriber type of an organisation; unknown counts as individual."""

    CORPORATE = "corporate"
    INDIVIDUAL = "individual"
    UNKNOWN = "unknown"


class SuppressionReason(StrEnum):
    """Why an address (or domain) must not be written to."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    HARD_BOUNCE = "hard bounce"
    OBJECTED = "objected"
    LEFT = "left"
    ERASED = "erased"
    MANUAL = "manual"
    INVALID = "invalid address"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A practice, pharmacy, dental or optical provider as a reader's template sees it."""

    ods_code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One contact as campaign copy may use them; empty strings where nothing is known.

    `arm` is the arm of the campaign that they are in, or '' where it has none.
    """

    first_name: str = ""
    last_name: str = ""
    job_role: str = ""
    sector: str = ""
    ics_area: str = ""
    borough: str = ""
    organisation: Organisation = Organisation()
    pledged_on: date | None = None
    arm: str = ""

    @property
    def name(self) -> str:
        """First and last name, joined by one space where both are known."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def pledged(self) -> bool:
        """Whether a pledge of this contact stands."""
        return self.pledged_on is not None


@dataclass(frozen=True, slots=True)
class Resource:
    """Something readers may use: a guide, a course, a page. Copy may print its fields.

    `url` is https. `kind` is a word such as "Toolkit", or ''.
    """

    title: str
    url: str
    summary: str = ""
    kind: str = ""
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name and an address, such as a campaign's sender."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A normalised later fact, as a provider's adapter hands it in.

    `delivery_id` is our opaque id where the provider returned it; `address` is used only to
    match events without one, and is never stored. `fingerprint` is the provider's own event id.
    """

    type: EventType
    occurred_at: datetime
    delivery_id: str = ""
    address: str = ""
    fingerprint: str = ""
    link: str = ""
    reason: str = ""
    machine: bool = False
    hard: bool = False
    simulated: bool = False
    message_id: str = ""
    provider_word: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Whom a campaign selects: every rule must hold; an empty tuple or None sets no rule."""

    sectors: tuple[str, ...] = ()
    ics_areas: tuple[str, ...] = ()
    boroughs: tuple[str, ...] = ()
    job_roles: tuple[str, ...] = ()
    pledged: bool | None = None
    pledged_within_days: int | None = None

    def described(self) -> str:
        """Return the rules in words, for people and for the edition's record."""
        rules = [
            f"{word}: {', '.join(wanted)}"
            for word, wanted in (
                ("sector", self.sectors),
                ("area", self.ics_areas),
                ("borough", self.boroughs),
                ("role", self.job_roles),
            )
            if wanted
        ]
        if self.pledged is not None:
            rules.append("has pledged" if self.pledged else "has not pledged")
        if self.pledged_within_days is not None:
            rules.append(f"pledged in the last {self.pledged_within_days} days")
        return "; ".join(rules) or "everyone"
