"""One person, one written form of their address: the ledger's hash starts from it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.addressform import one_form, spellings, with_a_labels
from outreach.keys import Keys

KEYS = Keys(b"k" * 32, {"k1": b"t" * 32})
SAME = "zoë@xn--bcher-kva.example.org"


@pytest.mark.parametrize(
    "text",
    [
        SAME,
        "zoë@bücher.example.org",
        " ZOË@BÜCHER.example.ORG\n",
        unicodedata.normalize("NFD", "zoë@bücher.example.org"),
        "ZOË@bücher\u3002example\uff0eorg",
    ],
)
def test_an_address_has_one_hash_however_it_is_written(text: str) -> None:
    assert one_form(text) == SAME
    assert KEYS.address_hash(text) == KEYS.address_hashes([SAME])[0]
    assert KEYS.domain_hash(text) == KEYS.domain_hash("bücher.example.org")


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\A\w{1,9}@\w{1,9}\.\w{1,9}\Z")))
def test_the_one_form_is_its_own(text: str) -> None:
    assert one_form(one_form(text)) == one_form(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("*@*.Bücher.example.org", "*@*.xn--bcher-kva.example.org"),
        ("*@*ü*.example.org", "*@*ü*.example.org"),
        ("a@\ud800.org", "a@\ud800.org"),
        ("é" * 400, "é" * 400),
        ("", ""),
    ],
)
def test_what_is_no_address_stays_as_good_as_it_is(text: str, form: str) -> None:
    assert one_form(text) == form


def test_addresses_among_words_are_put_in_their_one_form() -> None:
    said = "zoë@bücher.example.org, ann@example.org (@é)."
    assert with_a_labels(said) == "zoë@xn--bcher-kva.example.org, ann@example.org (@xn--9ca)."


def test_an_address_may_be_written_in_these_ways() -> None:
    assert spellings("ann@example.org") == ("ann@example.org",)
    assert set(spellings("ann@xn--bcher-kva.org")) == {
        "ann@xn--bcher-kva.org",
        "ann@bücher.org",
        "ann@bu\u0308cher.org",
    }
    assert spellings("ann@xn--a.org") == ("ann@xn--a.org",)
