"""What a provider counts for an edition, beside our own count: it settles nothing by itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from outreach.domain import EditionState
from outreach.ledger import doubt_store, edition_store
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.doubt_store import SETTLED
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.providers.base import ProviderCounts
from outreach.providers.registry import COUNTERS, EVENT_SOURCES, event_source
from outreach.workspace import Workspace

_BEFORE_RECOVERY = timedelta(days=30)
"""How far back a provider is asked where the ledger forgot when an edition began."""

ALONE = "This settles nothing by itself: look up single messages, then settle them by name."


@dataclass(frozen=True, slots=True)
class Evidence:
    """An edition's doubts beside what its provider counts.

    `counted` is None until the provider was asked, and always where `can_ask` is False.
    `settled` counts doubts that a person settled as not sent. `pull_mode`: no event about a
    single message will come. `looks` and `how_settled` say all that in words.
    """

    edition: str
    provider: str
    can_ask: bool
    counted: ProviderCounts | None
    asked_at: datetime | None
    accepted: int
    unknown: int
    settled: int
    pull_mode: bool
    looks: str
    how_settled: str


def evidence(ws: Workspace, edition: str, refresh: bool = False) -> Evidence:
    """Return what speaks for and against an edition's doubts; asks the provider on `refresh` only.

    Raises NotFound; with `refresh`, ConfigError and NotSent where the provider cannot be asked.
    """
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    provider = record.provider or ws.settings.provider
    if refresh and provider in COUNTERS:
        _ask(ws, record, provider)
    with reading(ws.engine) as connection:
        account = certificate(connection, edition)
        stored, asked_at = doubt_store.provider_counts(connection, record.id)
        heard = doubt_store.any_event(connection, record.id)
    counted = ProviderCounts(**stored) if stored else None
    settled = sum(
        people
        for why, people in account.reasons.get("failed", {}).items()
        if why.startswith(SETTLED)
    )
    reports = provider in EVENT_SOURCES
    pull_mode = not reports or not (event_source(provider).keys(ws.settings) or heard)
    return Evidence(
        edition=record.name,
        provider=provider,
        can_ask=provider in COUNTERS,
        counted=counted,
        asked_at=asked_at,
        accepted=account.accepted,
        unknown=account.unknown,
        settled=settled,
        pull_mode=pull_mode,
        looks=_looks(provider, counted, account, settled),
        how_settled=_how_settled(provider, pull_mode, heard),
    )


def _ask(ws: Workspace, record: EditionRecord, provider: str) -> None:
    since = record.started_at or record.created_at
    if record.state is EditionState.RECOVERED:
        since -= _BEFORE_RECOVERY
    mark = ws.keys.edition_mark(record.name)
    counts = COUNTERS[provider](ws.settings, record.campaign, mark, since.date())
    with ws.engine.begin() as connection:
        doubt_store.keep_provider_counts(connection, record.id, asdict(counts), datetime.now(UTC))


def _looks(
    provider: str, counted: ProviderCounts | None, account: Certificate, settled: int
) -> str:
    if provider not in COUNTERS:
        return f"The provider {provider} counts nothing for an edition."
    if counted is None:
        return "The provider has not been asked yet how many messages it counts for this edition."
    said = (
        f"The provider counted {counted.requests:,} messages for this edition; we know of "
        f"{account.accepted:,} accepted, {account.unknown:,} in doubt"
        + (f" and {settled:,} that a person settled as not sent" if settled else "")
    )
    return f"{said}: {_conclusion(counted.requests, account, settled)}. {ALONE}"


def _conclusion(requests: int, account: Certificate, settled: int) -> str:
    more = requests - account.accepted
    if more < 0:
        return "its figures lag behind, so ask again in a few hours"
    if more > account.unknown + settled:
        return "that is more than all of these, so look into it before anything else"
    if more > account.unknown:
        return "it looks as if some that were settled as not sent were taken after all"
    if not account.unknown:
        return "the two agree"
    if more == account.unknown:
        return "it looks as if all in doubt were taken"
    if more == 0:
        return "it looks as if none in doubt was taken, unless its figures lag behind"
    return f"it looks as if {more:,} of those in doubt were taken"


def _how_settled(provider: str, pull_mode: bool, heard: bool) -> str:
    if provider not in EVENT_SOURCES:
        return (
            f"The provider {provider} reports no events: only a person settles its doubts, "
            "with a name and a reason."
        )
    if pull_mode:
        return (
            f"This deployment is in pull mode: {event_source(provider).setting} is not set, and "
            "no event about this edition has come. What can be pulled are lists of who bounced, "
            "complained or unsubscribed, never who got a message. So no event will ever say "
            "that a message in doubt was delivered, and only a person settles these doubts, "
            "with a name and a reason."
        )
    if not heard:
        return (
            "Events settle doubts by themselves, yet none about this edition has come so far: "
            "see that the webhook and the drainer work (outreach doctor) before you settle one."
        )
    return (
        "An event that carries a delivery's id settles it by itself as accepted. The provider "
        "reports within minutes as a rule, and tries again for a day: wait that long before you "
        "settle one by hand."
    )
