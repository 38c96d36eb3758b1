"""What a provider is given and what it must answer: the port that senders declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from outreach.domain import Event, Mailbox
from outreach.errors import HandOverError
from outreach.settings import Settings


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text with slots: `literals[0] + value[slots[0]] + literals[1] + ...`.

    `len(literals) == len(slots) + 1`; each slot is an index into a person's values.
    """

    literals: tuple[str, ...]
    slots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """One variant, compiled: everything that all of a batch's recipients share.

    `mime` says in which form its messages are written where we write MIME ourselves: 1 for what
    was frozen in format 1, 2 since then (docs/decisions/0040).
    """

    subject: Pieces
    text: Pieces
    html: Pieces
    mime: int = 2


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of a batch.

    `values` are plain and already made inert for one line (no CR, LF or control characters);
    a provider escapes them for HTML where they enter HTML. `unsubscribe_url` also goes into
    the List-Unsubscribe header.
    """

    delivery_id: str
    address: str
    values: tuple[str, ...]
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Handover:
    """One request's worth: a batch of one variant. `reference` is opaque and names the batch.

    `at` is when it was claimed: with it, the same handover makes the same messages again.
    `edition_mark` is opaque and names the edition in the provider's statistics; '' for none.
    `notice` marks a plain service message to a colleague: it is no delivery, so that there is
    nothing to unsubscribe from. Everything else carries each recipient's unsubscribe link.
    `mark` says in the header X-Outreach-Mark what is no delivery: "test", "copy"; '' for none.
    """

    reference: str
    campaign: str
    occurrence: str
    sender: Mailbox
    reply_to: Mailbox | None
    content: Content
    recipients: Sequence[Recipient]
    at: datetime
    edition_mark: str = ""
    notice: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What became of one recipient of a batch that was accepted but for some.

    `index` counts in `Handover.recipients`; `error` is NotSent (to be tried later), Rejected
    (refused for good) or InDoubt.
    """

    index: int
    error: HandOverError


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's acceptance of a batch, but for those in `otherwise`.

    `message_id` may be empty (202 without one). `otherwise` names no recipient twice.
    """

    message_id: str
    otherwise: tuple[Otherwise, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """One person's message as it left: `raw` is the whole of it where a provider writes MIME."""

    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class ProviderCounts:
    """What a provider itself counts for one edition, in messages, as far as it has counted."""

    requests: int
    delivered: int
    bounced: int
    blocked: int
    dropped: int
    deferred: int
    complained: int
    unsubscribed: int


class Provider(Protocol):
    """A way to hand messages over. Built by `providers.registry.open_provider(name, settings)`.

    `hand_over` returns when the provider answered for each recipient, and raises exactly one of
    NotSent, Rejected, TooLarge, MustStop, InDoubt where all of them came to the same. Up to
    `in_flight` threads of one sender may call it at once, each with a batch of its own.
    """

    name: str
    batch_size: int
    in_flight: int
    networked: bool

    def hand_over(self, handover: Handover) -> Receipt:
        """Give the batch to the provider."""

    def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class Queueing(Protocol):
    """A provider in whose `hand_over` people wait for their turn."""

    def hold_back(self) -> None:
        """Begin nobody else: who still waits is not sent. For sending's last seconds."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a provider's file says of its own settings; without `advice` all is well."""

    what: str
    found: str
    advice: str = ""


class EventSource(Protocol):
    """How a provider's webhook is trusted and read.

    `setting` names what `keys` come from and `mend` says how to get them. A post without one of
    the `signed_by` headers is refused before its body is read.
    """

    setting: str
    mend: str
    signed_by: tuple[str, ...]

    def keys(self, settings: Settings) -> tuple[str, ...]:
        """What posts are held against; without any, no post can be trusted."""

    def verify(self, headers: Mapping[str, str], body: bytes, keys: Sequence[str]) -> bool:
        """Whether `body` was signed by the one whom `keys` say.

        Raises NotSent where that cannot be told now, so that the post must come again.
        """

    def confirm(self, body: bytes) -> None:
        """Answer a verified post that asks whether its events are wanted; others: do nothing.

        Raises NotSent where the answer could not be given, so that the post must come again.
        """

    def parse(self, body: bytes) -> list[Event | str]:
        """Events in their order; a malformed one becomes a text saying what is wrong with it."""
