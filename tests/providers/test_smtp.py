"""SMTP, when things go wrong: who was written to is read from the server, not from the receipt."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from tests.fakes.batches import handover, recipient
from tests.fakes.smtp_dialogue import PASSWORD
from tests.fakes.smtp_server import EVERYTHING, PIPELINED, PLAIN, SmtpServer, certified, serving

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers.base import Content, Handover, Pieces, Receipt
from outreach.providers.smtp import batches, connection, engine
from outreach.providers.smtp import provider as provider_module
from outreach.providers.smtp.lines import form_of
from outreach.providers.smtp.provider import Smtp
from outreach.settings import load_settings

MANNERS = {"chunked": EVERYTHING, "pipelined": PIPELINED, "plain": PLAIN}


@pytest.fixture(params=MANNERS)
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    """A server that offers all, no chunks, or nothing at all."""
    with serving(MANNERS[request.param]) as one:
        yield one
        assert one.wrongs == []


@pytest.fixture
def chunked() -> Iterator[SmtpServer]:
    with serving() as one:
        yield one
        assert one.wrongs == []


@pytest.fixture
def pipelined() -> Iterator[SmtpServer]:
    with serving(PIPELINED) as one:
        yield one
        assert one.wrongs == []


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (connection, "ANSWER", 0.6),
        (connection, "GREETING", 0.3),
        (connection, "GOODBYE", 0.3),
        (engine, "_TICK", 0.02),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def opened(tmp_path) -> Iterator:
    """Make providers, closed afterwards."""
    made: list[Smtp] = []

    def make(url: str, **more: str) -> Smtp:
        environment = {
            "OUTREACH_HOME": str(tmp_path),
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_SMTP_URL": url,
            "OUTREACH_SMTP_CONNECTIONS": "1",
        }
        made.append(Smtp(load_settings({**environment, **more})))
        return made[-1]

    yield make
    for one in made:
        one.close()


def people(number: int) -> Handover:
    return handover(*(recipient(n) for n in range(number)))


def outcomes(batch: Handover, provider: Smtp) -> list[HandOverError | None]:
    """What became of each."""
    try:
        receipt = provider.hand_over(batch)
    except HandOverError as error:
        return [error] * len(batch.recipients)
    found: dict[int, HandOverError] = {one.index: one.error for one in receipt.otherwise}
    assert len(found) == len(receipt.otherwise)
    return [found.get(n) for n in range(len(batch.recipients))]


def in_letters(found: list[HandOverError | None]) -> str:
    kinds = {NotSent: "n", Rejected: "r", InDoubt: "?", MustStop: "s", type(None): "a"}
    return "".join(kinds[type(one)] for one in found)


def reached(server: SmtpServer) -> list[str]:
    return sorted(address for one in server.taken for address in one.recipients)


def agree(server: SmtpServer, found: list[HandOverError | None]) -> None:
    """Nobody twice; whoever is accepted was reached; whoever was reached is accepted or in doubt."""
    there = reached(server)
    assert len(there) == len(set(there)), "somebody was written to twice"
    for n, one in enumerate(found):
        if one is None:
            assert f"person{n}@example.org" in there, "accepted and lost"
        elif not isinstance(one, InDoubt):
            assert f"person{n}@example.org" not in there, "reached and denied"
    assert all(len(one.recipients) == 1 for one in server.taken)


REPLIES = [
    # step, answer, what becomes of the one it hits ("a": sent over another connection)
    ("MAIL", "451 4.3.0 later", "n"),
    ("MAIL", "452 4.3.1 full", "n"),
    ("MAIL", "552 5.3.4 too large", "r"),
    ("MAIL", "421 4.3.2 closing", "a"),
    ("MAIL", "drop", "a"),
    ("MAIL", "reset", "a"),
    ("MAIL", "garbage", "a"),
    ("RCPT", "450 4.2.1 later", "n"),
    ("RCPT", "452 4.5.3 too many recipients", "n"),
    ("RCPT", "552 5.5.3 too many recipients", "n"),
    ("RCPT", "550 5.1.1 no such person", "r"),
    ("RCPT", "552 5.2.2 mailbox full", "r"),
    ("RCPT", "421 4.3.2 closing", "a"),
    ("content", "451 4.3.0 later", "n"),
    ("content", "452 4.3.1 full", "n"),
    ("content", "421 4.3.2 closing", "n"),
    ("content", "554 5.7.1 looks like spam", "r"),
    ("content", "552 5.3.4 too large", "r"),
    ("content", "drop", "?"),
    ("content", "drop after", "?"),
    ("content", "reset after", "?"),
    ("content", "hang", "?"),
    ("content", "garbage", "?"),
    ("content", "endless line", "?"),
    ("content", "endless reply", "?"),
    ("content", "drip", "?"),
    ("content", "354 what?", "?"),
    ("content", "251 what?", "?"),
    ("content", "250-well\r\n550 no", "?"),
    ("content", "parcels", "a"),
]


LOST = ("drop", "reset", "garbage", "hang", "endless", "drip", "drop after")
"""What ends a connection without an answer: whatever had left by then is in doubt."""


@pytest.mark.parametrize(("step", "order", "letter"), REPLIES)
def test_each_reply_means_one_thing(
    server: SmtpServer, opened, step: str, order: str, letter: str
) -> None:
    server.fail(step, "", order)
    found = outcomes(people(4), opened(server.url))
    agree(server, found)
    wanted = f"a{letter}aa"
    if server.offers == EVERYTHING and order.startswith((*LOST, "421", "250-")):
        wanted = "a???"  # in one piece, so that nobody can say how far the server came
        if (step, order[:3]) == ("content", "421"):
            wanted = "an??"
    letters = in_letters(found)
    # A reset takes away what had come and was not read yet.
    assert letters == wanted or (order.startswith("reset") and letters == "????")


@pytest.mark.parametrize(
    ("order", "letter"),
    [
        ("451 4.3.0 later", "n"),
        ("554 5.5.1 no", "r"),
        ("503 5.5.1 out of order", "n"),
        ("421 4.3.2 closing", "a"),
        ("drop", "a"),
        ("hang", "a"),
        ("250 what?", "a"),
    ],
)
def test_data_that_is_not_granted_was_not_sent(
    pipelined: SmtpServer, opened, order: str, letter: str
) -> None:
    pipelined.fail("DATA", "", order)
    found = outcomes(people(4), opened(pipelined.url))
    agree(pipelined, found)
    assert in_letters(found) == f"a{letter}aa"


def test_a_message_that_is_cut_off_was_not_sent(server: SmtpServer, opened, monkeypatch) -> None:
    """Longer than the kernel takes at once, so that its end was provably not handed over."""
    long = b"To: x\r\n\r\n" + 9_000 * (b"x" * 996 + b"\r\n")
    monkeypatch.setattr(provider_module, "maker", lambda *_: lambda _index: (long, form_of(long)))
    monkeypatch.setattr(connection, "ANSWER", 10.0)
    server.fail("body", "drop", "drop", "", "drop", "drop", "drop")
    provider = opened(server.url)
    assert in_letters(outcomes(handover(recipient(1)), provider)) == "a"
    assert in_letters(outcomes(handover(recipient(2)), provider)) == "n"
    assert reached(server) == ["person1@example.org"]


def test_a_server_that_goes_on_after_it_said_it_closes_gets_nobody_twice(
    chunked: SmtpServer, opened
) -> None:
    chunked.fail("RCPT", "", "421 yet going on")
    found = outcomes(people(9), opened(chunked.url))
    agree(chunked, found)
    assert in_letters(found) == "a???" + 5 * "a"
    chunked.wrongs.clear()  # what stood behind what it refused


@pytest.mark.parametrize("order", ["drop after", "then drop"])
def test_a_server_that_closes_after_each_message_is_put_up_with(
    server: SmtpServer, opened, order: str
) -> None:
    server.always["content"] = order
    found = outcomes(people(12), opened(server.url))
    agree(server, found)
    letters = in_letters(found)
    if order == "drop after":
        assert set(letters) == {"?"}
    else:
        assert letters.count("?") <= (4 if server.offers == EVERYTHING else 0)
        assert letters.replace("?", "a") == 12 * "a"


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_reply_more_than_there_were_questions_sends_nobody_twice(
    server: SmtpServer, opened, step: str
) -> None:
    server.fail(step, "", "not now")
    found = outcomes(people(6), opened(server.url))
    agree(server, found)
    server.wrongs.clear()  # it sees commands before it has answered, as it never asked for them


def test_data_may_be_granted_for_nobody(pipelined: SmtpServer, opened) -> None:
    pipelined.grants_data_for_nobody = True
    pipelined.refused["person1@example.org"] = b"550 5.1.1 unknown"
    found = outcomes(people(4), opened(pipelined.url))
    agree(pipelined, found)
    assert in_letters(found) == "araa"


@pytest.mark.parametrize("connections", ["1", "8"])
def test_refusals_of_single_people_cost_nobody_else(
    server: SmtpServer, opened, connections: str
) -> None:
    for n in range(0, 40, 3):
        server.refused[f"person{n}@example.org"] = b"550 5.1.1 unknown"
    for n in range(1, 40, 7):
        server.refused[f"person{n}@example.org"] = b"450 4.2.0 greylisted"
    found = outcomes(people(40), opened(server.url, OUTREACH_SMTP_CONNECTIONS=connections))
    agree(server, found)
    wanted = ["a"] * 40
    for n in range(1, 40, 7):
        wanted[n] = "n"
    for n in range(0, 40, 3):
        wanted[n] = "r" if n % 7 != 1 else "n"
    assert in_letters(found) == "".join(wanted)


STOPS = [
    ("MAIL", "530 5.7.0 log in"),
    ("MAIL", "550 5.7.1 sender refused"),
    ("MAIL", "555 5.5.4 what?"),
    ("EHLO", "550 5.7.1 not you"),
    ("banner", "554 5.7.1 blocked"),
]


@pytest.mark.parametrize(("step", "order"), STOPS)
def test_what_everybody_shares_stops_the_edition(
    server: SmtpServer, opened, step: str, order: str
) -> None:
    server.always[step] = order
    provider = opened(server.url, OUTREACH_SMTP_CONNECTIONS="4")
    with pytest.raises(MustStop, match=order[:3]):
        provider.hand_over(people(30))
    assert server.taken == []
    server.always.clear()
    assert outcomes(people(3), provider) == [None] * 3


def test_who_was_reached_before_a_stop_stays_accepted(server: SmtpServer, opened) -> None:
    server.fail("MAIL", "", "")
    server.always["MAIL"] = "550 5.7.1 sender refused"
    found = outcomes(people(20), opened(server.url))
    agree(server, found)
    assert in_letters(found) == "aa" + 18 * "n"


GREETINGS = [
    ("banner", "421 4.3.2 too many connections"),
    ("banner", "drop"),
    ("banner", "hang"),
    ("banner", "garbage"),
    ("banner", "drip"),
    ("banner", "endless reply"),
    ("EHLO", "421 4.3.2 closing"),
    ("EHLO", "endless line"),
    ("EHLO", "more"),
]


@pytest.mark.parametrize(("step", "order"), GREETINGS)
@pytest.mark.parametrize("connections", ["1", "4"])
def test_a_server_that_will_not_talk_has_taken_nothing(
    chunked: SmtpServer, opened, step: str, order: str, connections: str
) -> None:
    chunked.always[step] = order
    provider = opened(chunked.url, OUTREACH_SMTP_CONNECTIONS=connections)
    with pytest.raises(NotSent) as caught:
        provider.hand_over(people(10))
    assert caught.value.retry_after > 0
    chunked.always.clear()
    assert outcomes(people(3), provider) == [None] * 3


def test_a_server_that_lets_few_in_is_used_by_those(server: SmtpServer, opened) -> None:
    server.fail("banner", "", "", *["421 4.7.0 too many connections"] * 6)
    found = outcomes(people(60), opened(server.url, OUTREACH_SMTP_CONNECTIONS="8"))
    agree(server, found)
    assert in_letters(found) == 60 * "a"


def test_nobody_listens(opened) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent, match="refused"):
            opened(f"smtp://127.0.0.1:{deaf.getsockname()[1]}").hand_over(people(3))


def test_a_name_that_is_nobodys(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    provider = opened("smtp://nowhere.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="not found"):
        provider.hand_over(people(3))


# ---- encryption and log-in


def secure(server: SmtpServer, tls: str, tmp_path, monkeypatch, name: str = "localhost") -> str:
    server.tls = tls
    server.context, authority = certified(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    scheme, query = ("smtps", "") if tls == "implicit" else ("smtp", "?tls=starttls")
    return f"{scheme}://hub:p%40ss%2Fword@localhost:{server.port}{query}"


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("login", ["PLAIN LOGIN", "LOGIN"])
def test_it_encrypts_and_logs_in(
    server: SmtpServer, opened, tmp_path, monkeypatch, tls: str, login: str
) -> None:
    server.login = login
    url = secure(server, tls, tmp_path, monkeypatch)
    found = outcomes(people(20), opened(url, OUTREACH_SMTP_CONNECTIONS="2"))
    agree(server, found)
    assert in_letters(found) == 20 * "a"


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_lost_answer_under_encryption_is_doubt(
    pipelined: SmtpServer, opened, tmp_path, monkeypatch, tls: str
) -> None:
    pipelined.fail("content", "", "reset after")
    url = secure(pipelined, tls, tmp_path, monkeypatch)
    found = outcomes(people(3), opened(url.replace("hub:p%40ss%2Fword@", "")))
    agree(pipelined, found)
    assert in_letters(found) == "a?a"


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_for_another_name_stops(
    chunked: SmtpServer, opened, tmp_path, monkeypatch, tls: str
) -> None:
    url = secure(chunked, tls, tmp_path, monkeypatch, "mail.example.org")
    with pytest.raises(MustStop, match="certificate"):
        opened(url).hand_over(people(2))
    assert chunked.taken == []


@pytest.mark.parametrize(
    ("step", "order", "error"),
    [
        ("TLS", "break", NotSent),
        ("STARTTLS", "454 4.7.0 not now", NotSent),
        ("STARTTLS", "more", NotSent),  # CVE-2011-0411
        ("AUTH", "535 5.7.8 wrong", MustStop),
        ("AUTH", "454 4.7.0 not now", NotSent),
        ("AUTH", "334 ", NotSent),
    ],
)
def test_what_can_go_wrong_before_the_first_message(
    chunked: SmtpServer, opened, tmp_path, monkeypatch, step: str, order: str, error: type
) -> None:
    chunked.login = "PLAIN"
    url = secure(chunked, "starttls", tmp_path, monkeypatch)
    chunked.always[step] = order
    with pytest.raises(error) as caught:
        opened(url).hand_over(people(2))
    assert chunked.taken == []
    assert PASSWORD not in str(caught.value)
    assert "hub" not in str(caught.value)


def test_a_server_without_encryption_is_not_spoken_to(chunked: SmtpServer, opened) -> None:
    provider = opened(f"smtp://hub:x@localhost:{chunked.port}?tls=starttls")
    with pytest.raises(MustStop, match="STARTTLS"):
        provider.hand_over(people(2))


def test_a_wrong_password_stops_and_is_not_told(chunked: SmtpServer, opened) -> None:
    chunked.login = "PLAIN"
    with pytest.raises(MustStop) as caught:
        opened(chunked.url.replace("//", "//hub:secret-word@")).hand_over(people(2))
    assert "secret-word" not in str(caught.value)


# ---- the rest


def test_words_of_a_refusal_hold_nothing_of_the_person(server: SmtpServer, opened) -> None:
    words = "550 5.1.1 <person1@example.org> Name1 of Camden (person1) \xe9 unknown"
    server.refused["person1@example.org"] = words.encode("latin-1")
    (error,) = outcomes(handover(recipient(1)), opened(server.url))
    assert isinstance(error, Rejected)
    assert "550: 5.1.1" in error.reason
    assert "unknown" in error.reason
    for hidden in ("person1", "Name1", "Camden", "example.org"):
        assert hidden not in error.reason


def test_too_large_for_the_server_is_refused_unsent(opened) -> None:
    with serving(("PIPELINING", "SIZE 1500", "8BITMIME")) as small:
        long = recipient(1, "long " * 400)
        found = outcomes(handover(recipient(0), long), opened(small.url))
        agree(small, found)
        assert in_letters(found) == "ar"


def test_dots_arrive_as_they_were_written(server: SmtpServer, opened) -> None:
    text = ".\n..\n.one\n\n.\n..two\n.\n"
    content = Content(Pieces(("Hi",)), Pieces((text,)), Pieces(("<p>\n.\n</p>\n.\n",)))
    assert outcomes(handover(recipient(1), content=content), opened(server.url)) == [None]
    found = server.taken[0].message.get_body(("plain",)).get_content()
    assert found.replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_a_line_end_that_is_none_is_refused(server: SmtpServer, opened, monkeypatch) -> None:
    def smuggling(_batch: Handover, _settings: object):
        good, bad = b"To: x\r\n\r\nx\r\n", b"To: x\r\n\r\n\n.\nMAIL FROM:<a@b.c>"
        return lambda index: (raw := bad if index == 1 else good, form_of(raw))

    monkeypatch.setattr(provider_module, "maker", smuggling)
    found = outcomes(people(3), opened(server.url))
    agree(server, found)
    assert in_letters(found) == "ara"


def test_several_batches_at_once_each_get_their_own_answers(
    server: SmtpServer, opened, monkeypatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER", 10.0)
    provider = opened(server.url, OUTREACH_SMTP_CONNECTIONS="5")
    server.refused["person7@example.org"] = b"550 5.1.1 unknown"
    found: dict[int, Receipt] = {}

    def send(start: int) -> None:
        batch = handover(*(recipient(n) for n in range(start, start + 25)))
        found[start] = provider.hand_over(batch)

    threads = [threading.Thread(target=partial(send, n)) for n in (0, 25, 50, 75)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(found) == [0, 25, 50, 75]
    assert [one.index for one in found[0].otherwise] == [7]
    assert not any(found[n].otherwise for n in (25, 50, 75))
    assert len(reached(server)) == len(set(reached(server))) == 99
    assert server.connections == 5


def test_a_connection_is_used_again_and_left_politely(server: SmtpServer, opened) -> None:
    provider = opened(server.url)
    for _ in range(3):
        provider.hand_over(people(2))
    provider.close()
    assert (server.connections, server.goodbyes) == (1, 1)


def test_a_connection_that_stood_idle_is_tried_before_it_is_trusted(
    server: SmtpServer, opened, monkeypatch
) -> None:
    monkeypatch.setattr(connection, "RESTED", 0.0)
    provider = opened(server.url)
    provider.hand_over(people(1))
    server.fail("RSET", "drop")
    assert provider.hand_over(handover(recipient(5))).otherwise == ()
    assert reached(server) == ["person0@example.org", "person5@example.org"]
    assert server.connections == 2


def test_who_does_not_get_a_turn_in_time_is_put_back(
    pipelined: SmtpServer, opened, monkeypatch
) -> None:
    monkeypatch.setattr(batches, "BEGIN", 0.2)
    pipelined.latency = 0.05
    found = outcomes(people(30), opened(pipelined.url))
    agree(pipelined, found)
    letters = in_letters(found)
    assert letters.startswith("a")
    assert letters.endswith("n")
    assert set(letters) == {"a", "n"}
    waits = {one.retry_after for one in found if isinstance(one, NotSent)}
    assert waits == {batches.SOON}, "whoever had no turn is claimed anew at once"


def test_who_waits_when_sending_ends_is_put_back(pipelined: SmtpServer, opened) -> None:
    pipelined.latency = 0.1
    provider = opened(pipelined.url)
    threading.Timer(0.5, provider.hold_back).start()
    found = outcomes(people(100), provider)
    agree(pipelined, found)
    letters = in_letters(found)
    assert letters == "a" * letters.count("a") + "n" * letters.count("n")
    assert letters.count("n") > 50
    assert in_letters(outcomes(people(3), provider)) == "nnn"


def test_a_batch_ends_in_time_whatever_happens(pipelined: SmtpServer, opened, monkeypatch) -> None:
    monkeypatch.setattr(batches, "EXCHANGE", 0.3)
    monkeypatch.setattr(connection, "ANSWER", 10.0)
    pipelined.fail("content", "", "hang")
    found = outcomes(people(4), opened(pipelined.url))
    agree(pipelined, found)
    assert in_letters(found)[:2] == "a?"


@pytest.mark.parametrize(
    ("setting", "sender"), [("", "hub@example.org"), ("bounces@example.org", "bounces@example.org")]
)
def test_bounces_go_where_they_should(
    chunked: SmtpServer, opened, setting: str, sender: str
) -> None:
    opened(chunked.url, OUTREACH_SMTP_RETURN_PATH=setting).hand_over(people(1))
    assert chunked.taken[0].sender == sender


def test_a_sender_that_is_no_address_stops(chunked: SmtpServer, opened) -> None:
    bad = replace(people(1), sender=replace(people(1).sender, address="a b@example.org"))
    with pytest.raises(MustStop):
        opened(chunked.url).hand_over(bad)


def test_nobody_to_write_to_needs_no_server(opened) -> None:
    assert opened("smtp://127.0.0.1:1").hand_over(people(0)).otherwise == ()
