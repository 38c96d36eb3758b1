"""Test-sends: a marked copy of each variant to named colleagues, counted nowhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from outreach.errors import InputError, Refused
from outreach.flows.control import stopped
from outreach.flows.side_messages.handing import SideMessage, SideReport, hand_all
from outreach.flows.side_messages.samples import Show, Shown, show, to_colleagues
from outreach.ledger import edition_store, side_store
from outreach.ledger.engine import reading
from outreach.ledger.side_store import SideKind
from outreach.wording import suggest
from outreach.workspace import Workspace

AT_ONCE = 30
"""Messages of one test at most: variants times colleagues."""

AN_HOUR = 100
"""Test messages of the whole deployment in an hour at most."""

_LINE = (
    "This is a test of {name}, variant {number} of {all} ({label}), with a made-up reader's "
    "details. It is counted nowhere, and its unsubscribe link does nothing."
)


def send_test(
    ws: Workspace,
    name: str,
    *,
    to: Sequence[str],
    by: str,
    via: str,
    variant: int = 0,
    request: str = "",
) -> SideReport:
    """Send each variant (or one) of a campaign or an edition to colleagues, marked as a test.

    `to`: ids, or addresses, that stand under `colleagues` in hub.yaml. `request` names the order:
    the same one again sends nothing twice. Raises InputError for anybody else, Refused where they
    are too many or all sending is stopped, NotFound; ConfigError where there is no provider.
    """
    colleagues = _colleagues(ws, to)
    stop = stopped(ws)
    if stop is not None:
        raise Refused(f"all sending is stopped by {stop.by}: {stop.reason}. Tests wait too")
    found = show(ws, name)
    chosen = _that_fit(found.chosen(variant), colleagues)
    _must_fit(ws, len(chosen) * len(colleagues))
    mark = re.sub(r"[^A-Za-z0-9_.:+-]", "", request)[:120] or secrets.token_hex(12)
    messages = _messages(found, chosen, colleagues, mark)
    report = hand_all(ws, messages, by=by, via=via)
    if variant == 0:
        report = replace(report, left_out=len(found.variants) - len(chosen))
    now = datetime.now(UTC)
    shown = ", ".join(str(one.number) for one in chosen)
    with ws.engine.begin() as connection:
        edition_store.note(
            connection,
            who=by,
            via=via,
            action="test send",
            subject=name,
            at=now,
            detail=f"variant {shown} to {', '.join(colleagues)}: {report.sent} handed over"[:300],
        )
    return report


def _messages(
    found: Show, chosen: Iterable[Shown], colleagues: Sequence[str], mark: str
) -> Iterable[SideMessage]:
    for one in chosen:
        line = _LINE.format(
            name=found.name,
            number=one.number,
            all=len(found.variants),
            label=one.label or "everyone",
        )
        once = f"test:{found.name}:{mark}"
        yield from to_colleagues(found, one, colleagues, kind=SideKind.TEST, once=once, line=line)


def _colleagues(ws: Workspace, to: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of colleagues named by id or address. Raises InputError for others."""
    known = ws.hub.colleagues
    if not known:
        raise InputError(
            "hub.yaml names no colleagues, and a test goes to nobody else: add "
            "colleagues: with a line such as lee: lee@example.org"
        )
    by_address = {address.casefold(): who for who, address in known.items()}
    wanted = [one.strip() for one in to if one.strip()]
    if not wanted:
        raise InputError(f"choose who gets the test: {', '.join(sorted(known))}")
    found = [one if one in known else by_address.get(one.casefold(), "") for one in wanted]
    for one, who in zip(wanted, found, strict=True):
        if not who:
            # An address is not repeated: it would reach a log.
            said = "that address" if "@" in one else f"“{one}”"
            raise InputError(
                f"{said} is not among the colleagues in hub.yaml{suggest(one, sorted(known))}"
            )
    return tuple(dict.fromkeys(found))


def _that_fit(variants: Sequence[Shown], colleagues: Sequence[str]) -> tuple[Shown, ...]:
    """Return as many variants as may go to each colleague at once, the largest first."""
    most = max(1, AT_ONCE // max(1, len(colleagues)))
    largest = sorted(variants, key=lambda one: -one.people)[:most]
    return tuple(sorted(largest, key=lambda one: one.number))


def _must_fit(ws: Workspace, messages: int) -> None:
    if messages > AT_ONCE:
        raise Refused(
            f"that would be {messages} test messages, and {AT_ONCE} at once is the most: choose "
            "fewer colleagues"
        )
    with reading(ws.engine) as connection:
        since = datetime.now(UTC) - timedelta(hours=1)
        lately = side_store.claimed_since(connection, SideKind.TEST, since)
    if lately + messages > AN_HOUR:
        raise Refused(
            f"{lately} test messages went out in the last hour, and {AN_HOUR} is the most: "
            "try again later"
        )
