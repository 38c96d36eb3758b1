"""Hand one side message over: claimed first, so that it is never handed over twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.domain import Mailbox
from outreach.errors import HandOverError, InDoubt, OutreachError, Refused
from outreach.flows.insisting import insist
from outreach.flows.links import copy_links
from outreach.flows.readiness import must_be_ready
from outreach.ledger import readers, side_store
from outreach.ledger.side_store import SideKind, SideState
from outreach.providers.allowlist import allowed, refusal
from outreach.providers.base import Content, Handover, Provider, Recipient
from outreach.providers.registry import open_provider
from outreach.rendering.compose import with_links
from outreach.workspace import Workspace

CATEGORY = "outreach-aside"
"""What the provider counts all side messages under, apart from every edition."""

_SHOWS_A_MESSAGE = {SideKind.TEST: "test", SideKind.COPY: "copy"}


@dataclass(frozen=True, slots=True)
class SideMessage:
    """What one colleague is to get. `once` names it for good; `values` fill its slots."""

    kind: SideKind
    once: str
    colleague: str
    campaign: str
    edition_id: int | None
    variant: int
    content: Content
    values: tuple[str, ...]
    sender: Mailbox
    reply_to: Mailbox | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one side message. `state` None: it was handed over before, or is now."""

    colleague: str
    variant: int
    state: SideState | None
    reason: str = ""
    message_id: str = ""

    @property
    def words(self) -> str:
        """It in words, without an address."""
        shown = f"variant {self.variant} to {self.colleague}" if self.variant else self.colleague
        if self.state is None:
            return f"{shown}: was handed over before"
        if self.state is SideState.ACCEPTED:
            return f"{shown}: handed over"
        return f"{shown}: {self.state}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SideReport:
    """What became of some side messages, each with its reason where it did not go.

    `left_out` variants were more than a test may bring at once.
    """

    handed: tuple[Handed, ...]
    left_out: int = 0

    @property
    def sent(self) -> int:
        """How many the provider took."""
        return sum(one.state is SideState.ACCEPTED for one in self.handed)

    @property
    def failed(self) -> tuple[Handed, ...]:
        """Those that did not go, or may not have."""
        bad = (SideState.NOT_SENT, SideState.IN_DOUBT)
        return tuple(one for one in self.handed if one.state in bad)

    @property
    def words(self) -> str:
        """All of them, one a line."""
        lines = [one.words for one in self.handed] or ["nobody was written to"]
        if self.left_out:
            lines.append(
                f"{self.left_out} further variants were left out: a test brings only so many at "
                "once. Ask for them one by one"
            )
        return "\n".join(lines)


def hand_all(ws: Workspace, messages: Iterable[SideMessage], *, by: str, via: str) -> SideReport:
    """Hand messages over, one after the other, through the provider in use.

    What cannot go is recorded with its reason, and never stops the others. Raises ConfigError
    where there is no provider.
    """
    waiting = tuple(messages)
    if not waiting:
        return SideReport(())
    provider = open_provider(ws.settings.provider, ws.settings)
    try:
        return SideReport(tuple(_handed(ws, provider, one, by, via) for one in waiting))
    finally:
        provider.close()


def _handed(ws: Workspace, provider: Provider, one: SideMessage, by: str, via: str) -> Handed:
    with ws.engine.begin() as connection:
        number = side_store.claim(
            connection,
            kind=one.kind,
            once=one.once,
            campaign=one.campaign,
            edition_id=one.edition_id,
            variant=one.variant,
            colleague=one.colleague,
            by=by,
            via=via,
            now=datetime.now(UTC),
        )
    if number is None:
        return Handed(one.colleague, one.variant, None)
    state, reason, message_id = _tried(lambda: _hand_over(ws, provider, one, number))

    def record() -> None:
        with ws.engine.begin() as connection:
            side_store.record(
                connection,
                number,
                state,
                datetime.now(UTC),
                reason=reason,
                message_id=message_id,
            )

    insist(record)
    return Handed(one.colleague, one.variant, state, reason, message_id)


def _tried(hand_over: Callable[[], str]) -> tuple[SideState, str, str]:
    """Return (state, why, the provider's message id); whatever goes wrong stops nothing else."""
    try:
        return SideState.ACCEPTED, "", hand_over()
    except InDoubt as error:
        return SideState.IN_DOUBT, error.reason, ""
    except HandOverError as error:
        return SideState.NOT_SENT, error.reason, ""
    except OutreachError as error:
        return SideState.NOT_SENT, str(error), ""
    except Exception as error:  # bytes may have left: it is not tried again by itself
        return SideState.IN_DOUBT, f"it stopped half-way ({type(error).__name__})", ""


def _hand_over(ws: Workspace, provider: Provider, one: SideMessage, number: int) -> str:
    address = ws.hub.colleagues.get(one.colleague)
    if address is None:
        raise Refused(f"hub.yaml names no address for {one.colleague} under colleagues")
    digest = ws.keys.address_hash(address)
    if readers.is_suppressed(ws.engine, digest, ws.keys.domain_hash(address)):
        raise Refused(f"the address of {one.colleague} is suppressed; lift that under Suppressions")
    if provider.networked and not allowed(address, ws.settings):
        raise Refused(refusal(ws.settings))
    mark = _SHOWS_A_MESSAGE.get(one.kind, "")
    if mark:
        must_be_ready(ws, provider)
    unsubscribe, view = copy_links(ws)
    outside, now = ws.keys.side_id(number), datetime.now(UTC)
    values = with_links(one.values, unsubscribe, view)
    handover = Handover(
        reference=f"aside#{outside}",
        campaign=CATEGORY,
        occurrence=f"{now:%Y-%m-%d}",
        sender=one.sender,
        reply_to=one.reply_to,
        content=one.content,
        recipients=(Recipient(outside, address, values, unsubscribe),),
        at=now,
        notice=not mark,
        mark=mark,
    )
    return provider.hand_over(handover).message_id
