"""SMTP to addresses outside ASCII (RFC 6531, RFC 6532), seen from the server's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from tests.fakes.batches import CONTENT, handover, recipient
from tests.fakes.smtp_server import EVERYTHING, PIPELINED, PLAIN, SmtpServer, serving
from tests.providers.test_smtp_dkim import settings as signing

from outreach.domain import Mailbox
from outreach.errors import MustStop, Rejected
from outreach.providers import mime
from outreach.providers.base import Provider, Recipient
from outreach.providers.dkim import dns_record, identity
from outreach.providers.registry import open_provider
from outreach.settings import load_settings

TAKES = {
    "chunked": EVERYTHING,
    "pipelined": PIPELINED,
    "one by one": (*PLAIN, "SMTPUTF8"),
}
REFUSES = {
    "chunked": tuple(one for one in EVERYTHING if one != "SMTPUTF8"),
    "one by one": PLAIN,
    "without 8BITMIME": ("SIZE 9999999", "SMTPUTF8", "PIPELINING"),
    "nothing": (),
}
LONG = "é" * 32 + "@" + ".".join(["b" * 60] * 3) + ".example.org"

Opened = Callable[..., Provider]


def to(number: int, address: str) -> Recipient:
    return replace(recipient(number), address=address)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with serving() as one:
        yield one
        assert one.wrongs == []


@pytest.fixture
def opened(tmp_path: Path, server: SmtpServer) -> Iterator[Opened]:
    """Open the provider, closed afterwards."""
    made: list[Provider] = []

    def make(allowed: str = "*.org", **more: str) -> Provider:
        environment = {
            "OUTREACH_HOME": str(tmp_path),
            "OUTREACH_ALLOWED_RECIPIENTS": allowed,
            "OUTREACH_SMTP_URL": server.url,
            "OUTREACH_SMTP_CONNECTIONS": "1",
        }
        made.append(open_provider("smtp", load_settings({**environment, **more})))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("manner", TAKES)
def test_an_address_outside_ascii_is_written_to_where_the_server_takes_such(
    server: SmtpServer, opened: Opened, manner: str
) -> None:
    server.offers = TAKES[manner]
    addresses = ["zoë@example.org", "ann@example.org", "用户@xn--fsqu00a.example.org", LONG]
    batch = handover(*(to(n, address) for n, address in enumerate(addresses)))
    assert opened().hand_over(batch).otherwise == ()
    found = {one.message["X-Outreach-Delivery"]: one for one in server.taken}
    assert len(found) == len(server.taken) == len(addresses)
    for n, address in enumerate(addresses):
        taken = found[f"delivery{n}"]
        assert taken.recipients == (address,)
        assert f"\r\nTo: {address}\r\n".encode() in taken.raw
        assert taken.raw.partition(b"\r\n\r\n")[2].isascii()
        assert taken.raw.isascii() == address.isascii()
        assert taken.raw == mime.written(batch, batch.recipients[n]).raw
        assert taken.message["Subject"] == f"News for Name{n}"


@pytest.mark.parametrize("manner", REFUSES)
def test_where_the_server_does_not_take_such_that_person_alone_fails(
    server: SmtpServer, opened: Opened, manner: str
) -> None:
    server.offers = REFUSES[manner]
    receipt = opened().hand_over(
        handover(recipient(1), to(2, "zoë@example.org"), recipient(3), to(4, "é@example.org"))
    )
    assert [one.index for one in receipt.otherwise] == [1, 3]
    assert all(isinstance(one.error, Rejected) for one in receipt.otherwise)
    reason = receipt.otherwise[0].error.reason
    assert "SMTPUTF8" in reason
    assert "zo" not in reason
    assert len(server.taken) == 2


def test_what_a_server_says_of_such_an_address_is_kept_without_it(
    server: SmtpServer, opened: Opened
) -> None:
    server.refused["zoë@example.org"] = "550 5.1.1 zoë of <zoë@example.org> unknown".encode()
    batch = handover(recipient(1), to(2, "zoë@example.org"), recipient(3))
    (other,) = opened().hand_over(batch).otherwise
    assert isinstance(other.error, Rejected)
    assert "5.1.1" in other.error.reason
    assert "zo" not in other.error.reason
    assert len(server.taken) == 2


@pytest.mark.parametrize(
    "address",
    [
        *("zoë", "@é.org", "zoë@", "a@zoë@example.org", "zoë<x@example.org", "zo ë@example.org"),
        *("zoë\r\n@example.org", "zoë\u200b@example.org", "zoë\u2028@example.org", "\ud800@a.org"),
        *("zoë\uff20b@example.org", "é,b@example.org", "é\uff1e@example.org", "\x85é@example.org"),
        *(".é@example.org", "é..a@example.org", "é.@example.org"),
    ],
)
def test_what_is_not_one_address_is_refused_before_anything_is_sent(
    server: SmtpServer, opened: Opened, address: str
) -> None:
    provider = opened("*")
    with pytest.raises(Rejected) as caught:
        provider.hand_over(handover(recipient(1), to(2, address)))
    assert "é" not in caught.value.reason
    assert server.taken == []


def test_the_allow_list_knows_such_addresses(server: SmtpServer, opened: Opened) -> None:
    provider = opened("ZOË@bücher.example.org")
    provider.hand_over(handover(to(1, "zoë@xn--bcher-kva.example.org")))
    with pytest.raises(Rejected, match="allow-list"):
        provider.hand_over(handover(to(2, "zoé@xn--bcher-kva.example.org")))
    assert len(server.taken) == 1


def test_a_sender_or_reply_address_outside_ascii_stays_refused(
    server: SmtpServer, opened: Opened
) -> None:
    batch = handover(to(1, "zoë@example.org"))
    with pytest.raises(MustStop):
        opened().hand_over(replace(batch, sender=Mailbox("hüb@example.org")))
    for kind in ("sender", "reply_to"):
        provider = opened(OUTREACH_SMTP_RETURN_PATH="bounces@example.org")
        with pytest.raises(Rejected):
            provider.hand_over(replace(batch, **{kind: Mailbox("hüb@example.org")}))
    assert server.taken == []


def test_an_edition_frozen_in_the_first_form_refuses_such_an_address() -> None:
    batch = handover(to(1, "zoë@example.org"), content=replace(CONTENT, mime=1))
    with pytest.raises(Rejected, match="ASCII"):
        mime.build(batch, batch.recipients[0])


def test_its_signature_holds(tmp_path: Path, server: SmtpServer) -> None:
    with_key = signing(tmp_path, server.url)
    provider = open_provider("smtp", with_key)
    provider.hand_over(handover(to(1, "zoë@example.org"), recipient(2)))
    provider.close()
    name, record = dns_record(identity(with_key), "example.org")
    zone = {f"{name}.".encode(): record.encode()}
    assert len(server.taken) == 2
    for one in server.taken:
        assert dkim.verify(one.raw, dnsfunc=lambda asked, timeout=5: zone.get(asked))
