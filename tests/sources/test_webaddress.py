"""Links of resources: which are safe to send, and which lead to the same page."""

from __future__ import annotations

import pytest

from outreach.sources.values import BadValue
from outreach.sources.webaddress import page_of, read_web_address

PAGE = "https://www.example.org/guide?id=5"


@pytest.mark.parametrize(
    "same",
    [
        "https://example.org/guide/?id=5",
        "https://EXAMPLE.org:443/guide?id=5&utm_source=news&utm_medium=email",
        "https://www.example.org/guide?fbclid=abc&id=5&mc_cid=1&_hsenc=2#part-2",
        "HTTPS://example.org/guide/?id=5#",
    ],
)
def test_links_to_the_same_page_are_one(same: str) -> None:
    assert page_of(same) == page_of(PAGE)
    assert read_web_address(same) == same


@pytest.mark.parametrize(
    "other",
    [
        "https://www.example.org/guide?id=6",
        "https://www.example.org/Guide?id=5",
        "https://www.example.org/guide",
        "https://shop.example.org/guide?id=5",
        "https://www.example.org/guide?id=5#/chapter-2",
        "https://www.example.org/guide?id=5&page=2",
    ],
)
def test_links_to_other_pages_are_not(other: str) -> None:
    assert page_of(other) != page_of(PAGE)


def test_parameters_in_another_order_are_the_same_page() -> None:
    assert page_of("https://example.org/a?x=1&y=2") == page_of("https://example.org/a?y=2&x=1")


@pytest.mark.parametrize(
    "unsafe",
    [
        "http://example.org/a",
        "javascript:alert(1)",
        "//example.org/a",
        "https:example.org",
        "https://",
        "https://amy:secret@example.org/",
        "https://example.org\\@evil.example/",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://2130706433/",
        "https://localhost/a",
        "https://intranet/a",
        "https://files.hub.local/a",
        "https://example.org:8443/a",
        "https://example.org:x/a",
        "https://[/a",
        "https://-example.org/a",
        "https://example.org/a b",
        "https://example.org/<script>",
        "https://example.org/a\r\nBcc: x",
        "https://exämple.org/",
        "https://example.org/" + "a" * 1_000,
        "data:text/html,x",
    ],
)
def test_an_unsafe_link_is_refused(unsafe: str) -> None:
    with pytest.raises(BadValue, match="link"):
        read_web_address(unsafe)
