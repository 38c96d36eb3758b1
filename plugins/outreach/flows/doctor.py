"""What is configured, what is missing, and how to mend it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from outreach.campaigns import load_library
from outreach.clock import LONDON, london
from outreach.errors import ConfigError, InputError, Refused
from outreach.flows.findings import ADVICE, MISSING, OK, Finding
from outreach.flows.mailboxes import sender_mailbox
from outreach.flows.mailserver import mail_server
from outreach.flows.recovery import JournalGuard
from outreach.flows.source_list import sources
from outreach.journal import Journal
from outreach.keys import load_keys
from outreach.ledger.engine import reading
from outreach.ledger.holds import holds, stop_order
from outreach.providers import dkim
from outreach.providers.registry import EVENT_SOURCES, event_source, notes, open_provider
from outreach.settings import Settings, load_settings
from outreach.wording import suggest
from outreach.workspace import Workspace, make_home, open_workspace

__all__ = ["ADVICE", "MISSING", "OK", "Finding", "examine", "to_mend"]

_LOW_DISK = 1 << 30


def examine(settings: Settings | None = None, *, asking: bool = False) -> tuple[Finding, ...]:
    """Look at everything a deployment needs; never raises for what it finds.

    `settings` are those of a process inside Airflow, where connections win; default: the
    environment's. With `asking`, the mail server is asked as well, which may take seconds.
    """
    try:
        settings = settings or load_settings()
    except ConfigError as error:
        return (Finding(MISSING, "settings", "cannot be read", str(error)),)
    found = [
        *_basics(settings),
        *_keys(settings),
        *_provider(settings),
        *_signature(settings),
        *_webhooks(settings),
        *(mail_server(settings) if asking else ()),
        *_recipients(settings),
        *_public(settings),
    ]
    try:
        ws = open_workspace(settings)
    except Exception as error:  # whatever keeps the ledger shut is the finding
        return (*found, Finding(MISSING, "ledger", _kind(settings), _first_line(error)))
    return (
        *found,
        *_ledger(ws),
        *_orders(ws),
        *_hub(ws),
        *_rates(ws),
        *_sources(ws),
        *_campaigns(ws),
    )


def to_mend(settings: Settings | None = None) -> tuple[str, ...]:
    """Return what is missing and how to mend it, a sentence each."""
    found = (f for f in examine(settings) if f.level == MISSING)
    return tuple(f"{f.what}: {f.advice or f.found}" for f in found)


def _basics(settings: Settings) -> Iterator[Finding]:
    yield Finding(OK, "environment", settings.env)
    try:
        yield Finding(OK, "Airflow", version("apache-airflow"))
    except PackageNotFoundError:
        yield Finding(ADVICE, "Airflow", "not installed", "run make setup")
    home = settings.home
    try:
        make_home(settings)
    except ConfigError as error:
        yield Finding(MISSING, "home", str(home), str(error))
        return
    writable = os.access(home, os.W_OK)
    free = shutil.disk_usage(home).free
    if not writable:
        yield Finding(MISSING, "home", str(home), "make OUTREACH_HOME writable")
    elif free < _LOW_DISK:
        yield Finding(ADVICE, "home", f"{free >> 20} MB free", "free some disk space")
    else:
        yield Finding(OK, "home", str(home))


def _keys(settings: Settings) -> Iterator[Finding]:
    try:
        load_keys(settings)
    except ConfigError as error:
        yield Finding(MISSING, "keys", "not usable", str(error))
        return
    made = not (settings.address_key and settings.token_keys)
    where = "made in the home, for development" if made else "from settings"
    yield Finding(OK, "keys", where, "back them up with the ledger")


def _provider(settings: Settings) -> Iterator[Finding]:
    try:
        open_provider(settings.provider, settings).close()
    except ConfigError as error:
        yield Finding(MISSING, "provider", settings.provider, str(error))
        return
    yield Finding(OK, "provider", settings.provider)
    for note in notes(settings.provider, settings):
        yield Finding(ADVICE if note.advice else OK, note.what, note.found, note.advice)


def _webhooks(settings: Settings) -> Iterator[Finding]:
    known = {name: event_source(name) for name in EVENT_SOURCES}
    keys = {name: len(source.keys(settings)) for name, source in known.items()}
    if keys.get(settings.provider, 1):
        yield Finding(OK, "webhook keys", f"{sum(keys.values())} configured")
    else:
        setting = known[settings.provider].setting
        advice = f"set {setting}, or events are not taken in by webhook"
        yield Finding(ADVICE, "webhook keys", "none", advice)


def _signature(settings: Settings) -> Iterator[Finding]:
    """DKIM, where it is ours to do: SendGrid signs by itself."""
    try:
        found = dkim.identity(settings)
    except ConfigError as error:
        yield Finding(MISSING, "DKIM", "not usable", str(error))
        return
    if found is None:
        if settings.provider == "smtp":
            advice = "set OUTREACH_DKIM_SELECTOR and OUTREACH_DKIM_KEY, unless your server signs"
            yield Finding(ADVICE, "DKIM", "no key", advice)
        return
    weak = dkim.weakness(found)
    yield Finding(ADVICE if weak else OK, "DKIM", f"{found.kind}, {found.selector}", weak)
    if os.stat(settings.dkim_key).st_mode & 0o077:
        advice = f"others on this machine may read it: chmod 600 {settings.dkim_key}"
        yield Finding(ADVICE, "DKIM key", "its file is open", advice)
    sender = settings.sender.address if settings.sender else ""
    domain = found.domain or sender.rpartition("@")[2] or "the domain that emails are from"
    name, text = dkim.dns_record(found, domain)
    yield Finding(OK, "DKIM record", name, f"publish it as TXT: {text}")


def _recipients(settings: Settings) -> Iterator[Finding]:
    if settings.production:
        yield Finding(OK, "recipients", "everyone, as this is production")
    elif settings.allowed_recipients:
        yield Finding(OK, "recipients", ", ".join(settings.allowed_recipients))
    elif settings.provider == "outbox":
        yield Finding(OK, "recipients", "nobody over a network: the outbox is local")
    else:
        advice = 'outside production set OUTREACH_ALLOWED_RECIPIENTS, such as "*@example.org"'
        yield Finding(ADVICE, "recipients", "nobody", advice)


def _public(settings: Settings) -> Iterator[Finding]:
    secure = settings.public_url.startswith("https://")
    level = OK if secure or not settings.production else MISSING
    advice = "" if secure else "production needs OUTREACH_PUBLIC_URL with https (RFC 8058)"
    yield Finding(level, "public address", settings.public_url, advice)


def _ledger(ws: Workspace) -> Iterator[Finding]:
    yield Finding(OK, "ledger", _kind(ws.settings))
    try:
        JournalGuard(Journal(ws.settings.journal), ws.engine).check()
        yield Finding(OK, "claim journal", str(ws.settings.journal))
    except ConfigError as error:
        yield Finding(MISSING, "claim journal", "not usable", str(error))
    except Refused as error:
        yield Finding(MISSING, "claim journal", "ahead of the ledger", str(error))
    try:
        yield Finding(OK, "sender", sender_mailbox(ws, None).address)
    except ConfigError as error:
        yield Finding(MISSING, "sender", "made up", str(error))


def _orders(ws: Workspace) -> Iterator[Finding]:
    with reading(ws.engine) as connection:
        stop, held = stop_order(connection), holds(connection)
    if stop:
        said = f"stopped by {stop.by} on {london(stop.at)}: {stop.reason}"
        yield Finding(ADVICE, "all sending", said, "outreach start-all lets it go on")
    for one in held:
        said = f"held by {one.who} since {london(one.at)}: {one.reason}"
        yield Finding(ADVICE, f"campaign {one.campaign}", said, f"outreach resume {one.campaign}")


def _hub(ws: Workspace) -> Iterator[Finding]:
    if ws.hub.privacy_url:
        yield Finding(OK, "privacy notice", ws.hub.privacy_url)
    else:
        advice = "name your privacy notice as privacy_url in hub.yaml"
        yield Finding(ADVICE, "privacy notice", "none", advice)


def _rates(ws: Workspace) -> Iterator[Finding]:
    for provider, pace in sorted(ws.hub.limits.rates.providers.items()):
        parts = [pace.whole.words] if pace.whole else []
        parts += [f"{domain}: {rate.words}" for domain, rate in pace.domains.items()]
        yield Finding(OK, f"rates of {provider}", "; ".join(parts))
    plan = ws.hub.limits.rates.warm_up
    if plan is not None:
        said = plan.words(datetime.now(LONDON).date())
        over = "it is over: take warm_up out of hub.yaml" if said.startswith("over") else ""
        yield Finding(ADVICE if over else OK, f"warm-up of {plan.domain}", said, over)


def _sources(ws: Workspace) -> Iterator[Finding]:
    try:
        found = sources(ws)
    except InputError as error:
        for fault in error.faults:
            yield Finding(MISSING, "contacts/sources.yaml", "faulty", str(fault))
        return
    yield Finding(OK, "sources", f"{len(found)} declared")
    names = {source.connection for source in found if source.connection}
    for name in sorted(names):
        # Others may be in Airflow's own store, which is not asked here.
        if os.environ.get(f"AIRFLOW_CONN_{name.upper()}"):
            yield Finding(OK, f"connection {name}", "in the environment")
        else:
            advice = f"look under Admin, Connections in Airflow, or set AIRFLOW_CONN_{name.upper()}"
            yield Finding(ADVICE, f"connection {name}", "not in the environment", advice)
    for one in found:
        if one.next.startswith("needs a person"):
            yield Finding(ADVICE, f"source {one.name}", one.said, one.next)


def _campaigns(ws: Workspace) -> Iterator[Finding]:
    library = load_library(ws.settings.campaigns, ws.hub)
    spared = {slug for freeze in ws.hub.closings.freezes for slug in freeze.besides}
    for slug in sorted(spared - set(library.campaigns)):
        said = f"there is no campaign {slug}{suggest(slug, library.campaigns)}"
        yield Finding(ADVICE, "freeze in hub.yaml", f"except names {slug}", said)
    yield Finding(OK, "campaigns", f"{len(library.campaigns)} files load")
    for faults in library.faults.values():
        for fault in faults:
            yield Finding(ADVICE, "campaign file", "faulty", str(fault))


def _kind(settings: Settings) -> str:
    return settings.database_url.partition(":")[0]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
