"""How long an edition takes under the hub's rates, in figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from outreach.clock import LONDON, duration, london
from outreach.ledger import rate_use
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.limits import Limits
from outreach.rates import Rate, Rates
from outreach.scheduling.closing import NEVER_CLOSED, Closings
from outreach.workspace import Workspace

_AHEAD = timedelta(days=60)
"""How far ahead is reckoned; beyond it, a plan is to be changed rather than waited for."""

_WORTH_SAYING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the last of so many people goes, if nothing else is sent; `words` say what holds it.

    `ends` is None where that is more than 60 days ahead.
    """

    words: str
    begins: datetime
    ends: datetime | None

    @property
    def takes(self) -> str:
        """How long it takes, in words: "about 4 hours"."""
        if self.ends is None:
            return f"more than {_AHEAD.days} days"
        span = rough(self.ends - self.begins)
        return span if span.startswith("under") else f"about {span}"


@dataclass(frozen=True, slots=True)
class Mail:
    """What is reckoned with: whose mail, by which provider, and how many people by gateway."""

    slug: str
    provider: str
    sender: str
    people: Mapping[str, int]


def rough(span: timedelta) -> str:
    """Return a time as one would say it: "40 minutes", "5 hours", "4 days"."""
    seconds = int(span.total_seconds())
    if seconds < 2 * 3600:
        return duration(seconds)
    hours = round(seconds / 3600)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


def forecast(
    limits: Limits, mail: Mail, start: datetime, closings: Closings = NEVER_CLOSED
) -> Forecast | None:
    """Return when so much mail has gone that begins at `start`; None where no rate holds it."""
    pace, plan = limits.rates.of(mail.provider), limits.rates.warming(mail.sender)
    if not pace and plan is None:
        return None
    words = _words(limits.rates, mail, start)
    left = {gateway: people for gateway, people in mail.people.items() if people}
    used: dict[object, int] = {}
    at = start
    while left and at < start + _AHEAD:
        closed = closings.closed(at, mail.slug)
        if closed is not None:
            at = closed.until
            continue
        day = at.astimezone(LONDON).date()
        daily = (limits.emails_per_day, plan.on(day) if plan else None)
        allowed = [n for n in daily if n is not None]
        room = min([_within(pace.whole), *(n - used.get(day, 0) for n in allowed)])
        gone = _one_window(left, room, pace.domains)
        used[day] = used.get(day, 0) + sum(gone.values())
        if not left:
            return Forecast(words, start, at + _lasts(gone, pace.whole, pace.domains))
        at += rate_use.WINDOW
    return Forecast(words, start, None if left else start)


def _one_window(left: dict[str, int], room: int, domains: Mapping[str, Rate]) -> dict[str, int]:
    """Take out of `left` whoever goes within one window; return them."""
    gone = {}
    for gateway in list(left):
        gone[gateway] = max(0, min(left[gateway], room, _within(domains.get(gateway, Rate()))))
        room -= gone[gateway]
        left[gateway] -= gone[gateway]
        if not left[gateway]:
            del left[gateway]
    return gone


def _within(rate: Rate) -> int:
    """Return how many go within one window under a rate."""
    by_second = (rate.per_second or 0) * rate_use.WINDOW.total_seconds()
    found = [int(by_second)] if rate.per_second is not None else []
    found += [rate.per_hour] if rate.per_hour is not None else []
    return min(found, default=10**12)


def _lasts(gone: Mapping[str, int], whole: Rate, domains: Mapping[str, Rate]) -> timedelta:
    """Return how long the last window's people take."""
    spans = [(sum(gone.values()), whole)]
    spans += [(people, domains.get(gateway, Rate())) for gateway, people in gone.items()]
    return max(
        timedelta(seconds=n / rate.per_second if rate.per_second else 0) for n, rate in spans
    )


def _words(rates: Rates, mail: Mail, start: datetime) -> str:
    pace, plan = rates.of(mail.provider), rates.warming(mail.sender)
    parts = [f"held to {pace.whole.words} by {mail.provider}"] if pace.whole else []
    parts += [
        f"held to {rate.words} to {gateway}"
        for gateway, rate in pace.domains.items()
        if mail.people.get(gateway)
    ]
    today = start.astimezone(LONDON).date()
    if plan and plan.on(today) is not None:
        parts.append(f"warm-up of {plan.domain}, {plan.words(today)}")
    return "; ".join(parts)


def mail_of(ws: Workspace, record: EditionRecord) -> Mail:
    """Return what an edition has to send, counted by the domains that have a rate of their own."""
    pace = ws.hub.limits.rates.of(record.provider)
    people = {"": record.intended}
    if pace.domains:
        with reading(ws.engine) as connection:
            people = rate_use.at_gateways(connection, record.id, tuple(pace.domains))
    return Mail(record.campaign, record.provider, record.sender.address, people)


def slowed(ws: Workspace, record: EditionRecord) -> bool:
    """Whether an edition's rates alone, without any closing, carry it past when it is late."""
    if record.late_after is None or not ws.hub.limits.rates:
        return False
    start = record.started_at or record.send_at or datetime.now(UTC)
    found = forecast(ws.hub.limits, mail_of(ws, record), start)
    return found is not None and (found.ends is None or found.ends > record.late_after)


def said_of_pace(ws: Workspace, record: EditionRecord, now: datetime) -> str:
    """Return how long an edition takes and what follows from that; '' where it takes no time."""
    if not ws.hub.limits.rates:
        return ""
    mail, start = mail_of(ws, record), max(record.send_at or now, now)
    found = forecast(ws.hub.limits, mail, start, ws.hub.closings)
    if found is None or (found.ends and found.ends - start < _WORTH_SAYING):
        return ""
    ends = f"the last goes at about {london(found.ends)}" if found.ends else "change the rates"
    said = [f"it takes {found.takes} to send, {found.words}: {ends}, if nothing else is sent"]
    if record.late_after and (found.ends is None or found.ends > record.late_after):
        said.append(f"that is after {london(record.late_after)}, when it would be late")
        said.append("its pace does not make it late, and it goes on" if slowed(ws, record) else "")
    stop = ws.hub.closings.next_closing(start, mail.slug, (found.ends or start + _AHEAD) - start)
    said.append(f"it pauses for what is closed meanwhile, first at {london(stop)}" if stop else "")
    return "; ".join(part for part in said if part)
