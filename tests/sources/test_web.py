"""What a server may do wrong, and what is said of it: never an address, a secret or a reply."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outreach.sources.places.api import ApiPlace
from outreach.sources.places.base import Api, Found, Unreachable
from outreach.sources.places.http import Bounds, Web
from outreach.sources.places.nowhere import NoReach
from tests.fakes.places import Asked, Reply, serving

SECRET = "s3cret"
LONG = Bounds(silence=5, altogether=5, most=1 << 20)


@contextmanager
def raw(answer: bytes, then: Callable[[], object] = lambda: None) -> Iterator[str]:
    """Serve these bytes once, whatever is asked, and do `then` before hanging up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def once() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)
                then()

        thread = threading.Thread(target=once)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/x?key={SECRET}"
        finally:
            thread.join()


def asked(url: str, bounds: Bounds = LONG, slept: list[float] | None = None) -> str:
    """Return what is said of a server that cannot be read."""
    sleep = (slept if slept is not None else []).append
    with Web("list", bounds=bounds, sleep=sleep) as web, pytest.raises(Unreachable) as caught:
        web.read(url)
    said = str(caught.value)
    assert said.startswith("list: ")
    assert SECRET not in said
    assert "127.0.0.1" not in said
    return said.removeprefix("list: ")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"x", 301, {"Location": "https://elsewhere.example.org/s3cret"}), "sends us on to another address"),
        (Reply(b"s3cret", 404), "nothing at this address (404)"),
        (Reply(b"s3cret", 401), "refused us (401); check the secret"),
        (Reply(b"s3cret", 403), "refused us (403); check the secret"),
        (Reply(b"s3cret", 418), "answered 418"),
        (Reply(b"", 503, {"Retry-After": "3600"}), "busy (503); it comes with a later pull"),
        (Reply(b"x" * (LONG.most + 1)), "more than 1 MB"),
        (Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}), "broke off or is damaged"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do(reply: Reply, said: str) -> None:
    with serving(lambda _: reply) as server:
        assert said in asked(f"{server.address}/x?key={SECRET}")


def test_a_busy_server_is_asked_again_as_late_as_it_says_and_then_left() -> None:
    slept: list[float] = []
    waits = iter(["0", "7", "Fri, 20 Nov 2020 09:00:00 GMT", "soon", "1"])
    with serving(lambda _: Reply(b"", 429, {"Retry-After": next(waits)})) as server:
        assert "busy (429)" in asked(server.address, slept=slept)
    assert slept == [0, 7, 0, 8]


def test_a_server_that_is_not_there_or_breaks_off_or_keeps_silent_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "could not be reached" in asked(f"http://127.0.0.1:{port}/{SECRET}")
    with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as url:
        assert "broke off" in asked(url)
    with raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf") as url:
        assert "broke off" in asked(url)
    with raw(b"not HTTP at all\r\n\r\n") as url:
        assert "broke off" in asked(url)
    over = threading.Event()
    with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", over.wait) as url:
        assert "did not answer within 0.05 seconds" in asked(url, Bounds(silence=0.05))
        over.set()


def test_a_server_that_trickles_does_not_hold_up_a_pull_for_ever() -> None:
    with serving(lambda _: Reply(b"x")) as server:
        assert "too slow" in asked(server.address, Bounds(altogether=0))


def test_plain_http_goes_no_further_than_this_machine() -> None:
    assert "must begin with https://" in asked(f"http://example.org/{SECRET}")


def api_said(folder: Path, answer: Callable[[Asked], Reply], api: Api) -> str:
    with serving(answer) as server:
        place = ApiPlace("list", f"{server.address}/x", "", api, "rows", NoReach())
        with pytest.raises(Unreachable) as caught:
            place.fetch(Found("x", "list.json"), folder, "")
    return str(caught.value)


def rows(**more: object) -> Reply:
    return Reply(json.dumps({"rows": [{"email": "ann@example.org"}], **more}).encode())


@pytest.mark.parametrize(
    ("answer", "api", "said"),
    [
        (lambda _: rows(), Api(paging="page", parameter="p"), "the same page again and again"),
        (lambda _: rows(), Api(paging="offset", parameter="p"), "the same page again and again"),
        (lambda _: rows(next="a"), Api(paging="cursor", next="next", parameter="c"), "again and again"),
        (lambda one: rows(next="/x?a=1", n=len(one.query)), Api(paging="next_link", next="next"), "again and again"),
        (lambda _: rows(next="https://elsewhere.example.org/"), Api(paging="next_link", next="next"), "on another server"),
        (lambda _: Reply(b'{"rows": ['), Api(), "is not JSON"),
        (lambda _: Reply(b"[" * 100_000), Api(), "is not JSON"),
        (lambda _: Reply(b'{"rows": {}}'), Api(), "no list of records at rows"),
    ],
)  # fmt: skip
def test_an_api_that_never_ends_or_makes_no_sense_is_refused(
    tmp_path: Path, answer: Callable[[Asked], Reply], api: Api, said: str
) -> None:
    found = api_said(tmp_path, answer, api)
    assert said in found
    assert "ann@" not in found


def test_pages_that_go_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    def answer(one: Asked) -> Reply:
        number = int(one.query.get("n", "0"))
        body = {"rows": [{"id": number}], "next": f"/x?n={(number + 1) % 3}"}
        return Reply(json.dumps(body).encode())

    said = api_said(tmp_path, answer, Api(paging="next_link", next="next"))
    assert "round in a circle" in said
