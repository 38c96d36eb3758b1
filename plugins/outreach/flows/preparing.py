"""Prepare an edition: select its audience, render its variants, freeze both."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from pathlib import Path

from outreach.campaigns import Campaign, load_library
from outreach.clock import LONDON, london
from outreach.domain import AGAIN, Following
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.freezing import NothingDue, Order, freeze_once
from outreach.flows.opening import must_be_open
from outreach.flows.prepared import Prepared, described, nothing_due
from outreach.flows.selecting import rule_of
from outreach.ledger import freeze
from outreach.ledger.engine import reading
from outreach.segments import Segment
from outreach.workspace import Workspace

_TRIES = 3
"""How often an audience is read before a digest gives way to others."""

_OCCURRENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")


def find_campaign(ws: Workspace, slug: str) -> Campaign:
    """Return the campaign called `slug`.

    Raises InputError with its faults where its file is broken, NotFound where there is none.
    """
    library = load_library(ws.settings.campaigns, ws.hub)
    if slug in library.campaigns:
        return library.campaigns[slug]
    for file, faults in library.faults.items():
        if Path(file).stem == slug:
            raise InputError(*faults)
    known = ", ".join(sorted(library.campaigns)) or "none yet"
    raise NotFound(f"there is no campaign {slug!r}. Campaigns: {known}")


def prepare(
    ws: Workspace,
    slug: str,
    occurrence: str = "",
    *,
    by: str,
    via: str,
    send_at: datetime | None = None,
    narrow: Segment | None = None,
    due: datetime | None = None,
    overdue: bool = False,
    follows: Following | None = None,
) -> Prepared:
    """Freeze an edition of campaign `slug` at `occurrence` (default: today's London date).

    The same occurrence again changes nothing and says so. `narrow` can only take people away.
    `due` is when it should go (a timetable's slot); without it, it is never too late. `overdue`
    takes steps after a pledge that are overdue too. Where no step is due, nothing is made.
    `follows` makes it a follow-up, which `following.follow_up` judges first.
    Raises NotFound, InputError (a fault in the file), Refused.
    """
    now = datetime.now(UTC)
    campaign = find_campaign(ws, slug)
    occurrence = _named(occurrence, now, overdue=overdue)
    name = f"{slug}@{occurrence}"
    with reading(ws.engine) as connection:
        known = freeze.exists(connection, name)
    if known:
        return described(ws, name, created=False)
    if send_at and send_at < now:
        raise InputError(f"{london(send_at)} has passed; choose a time to come, or none")
    if send_at or due:
        must_be_open(ws, slug, send_at or due or now)
    day = (due or send_at or now).astimezone(LONDON).date()
    rule = rule_of(ws, campaign, narrow, follows, day=day, overdue=overdue)
    order = Order(occurrence, by, via, now, send_at, due)
    for _ in range(_TRIES):
        with contextlib.suppress(freeze.Overtaken):
            try:
                created = freeze_once(ws, campaign, rule, order)
            except NothingDue as nothing:
                return nothing_due(name, nothing.step)
            return described(ws, name, created=created)
    raise Refused("other digests are being prepared at this moment; prepare this one again")


def _named(occurrence: str, now: datetime, *, overdue: bool) -> str:
    """Return the occurrence meant: today's London date where none is named."""
    named = occurrence or f"{now.astimezone(LONDON):%Y-%m-%d}" + ("-overdue" if overdue else "")
    if not _OCCURRENCE.fullmatch(named):
        raise InputError("an occurrence is up to 64 letters, digits and . _ : + -, as 2026-11-23")
    if AGAIN in named:
        raise InputError(
            f"an occurrence with {AGAIN} in it is a resend, which `outreach resend` makes of "
            "deliveries that were settled as not sent; name a new edition otherwise"
        )
    return named
