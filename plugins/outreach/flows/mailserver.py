"""What the doctor finds out about the mail server that emails are handed to."""

from __future__ import annotations

from collections.abc import Iterator

from outreach.errors import ConfigError, HandOverError
from outreach.flows.findings import ADVICE, MISSING, OK, Finding
from outreach.providers.smtp.address import Server, Tls, server_of
from outreach.providers.smtp.greeting import Offers
from outreach.providers.smtp.look import look
from outreach.settings import Settings

_WORDS = {
    Tls.IMPLICIT: "encrypted",
    Tls.STARTTLS: "encrypted by STARTTLS",
    Tls.NONE: "in clear text",
}


def mail_server(settings: Settings) -> Iterator[Finding]:
    """Ask the mail server, where emails go by SMTP, whether it takes them and how fast."""
    if settings.provider != "smtp":
        return
    try:
        server = server_of(settings)
        offers = look(server)
    except ConfigError:
        return  # said of the provider already
    except HandOverError as error:
        yield Finding(MISSING, "mail server", "takes nothing", error.reason)
        return
    yield Finding(OK, "mail server", _said(server, offers))
    if not offers.pipelining:
        advice = "each email takes several round trips; ask for a server with PIPELINING"
        yield Finding(ADVICE, "mail server's pace", "slow", advice)


def _said(server: Server, offers: Offers) -> str:
    login = "with a log-in" if server.user else "without a log-in"
    found = [
        name
        for name, offered in (
            ("PIPELINING", offers.pipelining),
            ("CHUNKING", offers.chunking),
            ("SMTPUTF8", offers.international),
        )
        if offered
    ]
    return f"answers, {_WORDS[server.tls]}, {login}, offers {', '.join(found) or 'nothing more'}"
