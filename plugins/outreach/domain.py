"""The words of Outreach as values: enums, the delivery state machine, frozen records.

Standard library only; every other module may import this one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


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
class Mailbox:
    """A display name and an address, such as a campaign's sender."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to read or use, as campaign copy may use it; '' where nothing is known.

    `kind` says in a word or two what it is, such as "video".
    """

    title: str
    url: str
    summary: str = ""
    kind: str = ""
    published: date | None = None


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


AGAIN = "+again"
"""Stands between the name of an edition and the number of its resend."""

_LONGEST_OCCURRENCE = 64


@dataclass(frozen=True, slots=True)
class Following:
    """What a follow-up is to: those of an edition who were accepted, or who failed."""

    edition: str
    to: Literal["accepted", "failed"]

    @property
    def occurrence(self) -> str:
        """The one occurrence of such a follow-up in a campaign, so that asking twice makes one."""
        plain = f"{self.to}-{self.edition.replace('@', '.')}"
        if len(plain) <= _LONGEST_OCCURRENCE and AGAIN not in plain:
            return plain
        digest = hashlib.blake2s(self.edition.encode(), digest_size=8).hexdigest()
        return f"{self.to}-{self.edition.partition('@')[0][:30]}.{digest}"

    @property
    def words(self) -> str:
        """Whom it goes to."""
        how = "was accepted" if self.to == "accepted" else "failed"
        return f"everyone who {how} in {self.edition}"
