"""Asking links' websites: what they answer is told, and nothing inside is ever opened."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from outreach.flows.reaching import ask

PUBLIC = "93.184.215.14"
INSIDE = {
    "private.example.org": "10.1.2.3",
    "home.example.org": "127.0.0.1",
    "link-local.example.org": "169.254.169.254",
    "carrier.example.org": "100.64.0.1",
    "six.example.org": "::1",
    "mapped.example.org": "::ffff:10.0.0.1",
    "translated.example.org": "64:ff9b::a9fe:a9fe",
    "compatible.example.org": "::10.0.0.1",
    "unique.example.org": "fd00::1",
    "shared.example.org": "224.0.0.1",
    "nothing.example.org": "0.0.0.0",
}
HALF = "half.example.org"

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service of the test's own."""

    def found(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        if host == "gone.example.org":
            raise socket.gaierror(-2, "Name or service not known")
        numbers = [PUBLIC, "10.0.0.9"] if host == HALF else [INSIDE.get(host, PUBLIC)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def asked(
    url: str, answer: Answer = lambda _: httpx.Response(200)
) -> tuple[str, list[httpx.Request]]:
    """What is told about one link, and every request that was made."""
    requests: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    told = dict(ask([url], httpx.MockTransport(take)))
    return told.get(url, ""), requests


def test_a_page_that_answers_is_not_told_and_is_asked_by_its_number_and_name() -> None:
    told, (request,) = asked("https://www.example.org:8443/a?b=1")
    assert told == ""
    assert (request.method, request.url.host, request.url.port) == ("HEAD", PUBLIC, 8443)
    assert request.headers["host"] == "www.example.org:8443"
    assert request.extensions["sni_hostname"] == "www.example.org"


@pytest.mark.parametrize("host", [*INSIDE, HALF])
def test_an_address_inside_is_never_opened(host: str) -> None:
    told, requests = asked(f"https://{host}/")
    assert "inside a private network" in told
    assert requests == []


def test_a_website_that_sends_us_inside_is_not_followed() -> None:
    inside = httpx.Response(302, headers={"location": "https://private.example.org/secret"})
    told, requests = asked("https://www.example.org/", lambda _: inside)
    assert "inside a private network" in told
    assert len(requests) == 1
    plain = httpx.Response(302, headers={"location": "http://www.example.org/"})
    assert "without https" in asked("https://www.example.org/", lambda _: plain)[0]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (404, "a page that there is not (404)"),
        (410, "(410)"),
        (403, "lets no program look (403)"),
        (500, "an error (500)"),
    ],
)
def test_an_answer_that_is_no_page_is_told_once_get_says_so_too(status: int, says: str) -> None:
    told, requests = asked("https://www.example.org/", lambda _: httpx.Response(status))
    assert says in told
    assert requests[-1].method == ("HEAD" if status == 410 else "GET")


def test_a_website_that_takes_no_head_is_asked_again() -> None:
    def only_get(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.method == "GET" else 405)

    assert asked("https://www.example.org/", only_get)[0] == ""


def test_redirects_are_followed_so_far_and_no_further() -> None:
    def once(request: httpx.Request) -> httpx.Response:
        there = {"location": "/there"}
        return (
            httpx.Response(200)
            if request.url.path == "/there"
            else httpx.Response(301, headers=there)
        )

    assert asked("https://www.example.org/here", once)[0] == ""
    round_and_round = httpx.Response(301, headers={"location": "/"})
    told, requests = asked("https://www.example.org/", lambda _: round_and_round)
    assert "again and again" in told
    assert len(requests) == 6


def fails(error: type[httpx.HTTPError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("said by the wire", request=request)  # type: ignore[call-arg]

    return answer


@pytest.mark.parametrize(
    ("url", "answer", "says"),
    [
        ("https://gone.example.org/", lambda _: httpx.Response(200), "a website that there is not"),
        ("https://www.example.org/", fails(httpx.ReadTimeout), "did not answer within 5 seconds"),
        ("https://www.example.org/", fails(httpx.ConnectError), "cannot be opened (ConnectError)"),
    ],
)
def test_what_cannot_be_reached_is_told(url: str, answer: Answer, says: str) -> None:
    assert says in asked(url, answer)[0]
