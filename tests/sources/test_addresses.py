"""The fast path for addresses is email-validator, only quicker."""

from __future__ import annotations

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.addressform import one_form
from outreach.sources.addresses import clean_address, clean_domain
from outreach.sources.values import BadValue

LOCAL = st.text("abcXYZ019._+-'é @", max_size=70)
LABEL = st.text("abcxnXN019-_é", max_size=66)
ENDS = st.sampled_from(["org", "uk", "test", "localhost", "arpa", "invalid", "c", "xn--p1ai", "1"])
ADDRESS = st.one_of(
    st.builds(
        lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}",
        LOCAL,
        st.lists(LABEL, max_size=5),
        ENDS,
    ),
    st.emails(),
    st.text(max_size=40),
)


def by_the_book(address: str) -> str | None:
    try:
        found = validate_email(
            address, allow_smtputf8=True, check_deliverability=False, strict=True
        )
    except EmailNotValidError:
        return None
    return (found.ascii_email or f"{found.local_part}@{found.ascii_domain}").lower()


@settings(max_examples=1500, deadline=None)
@given(address=ADDRESS)
def test_every_address_is_judged_as_email_validator_judges_it(address: str) -> None:
    try:
        ours = clean_address(address)
    except BadValue:
        ours = None
    plain = address.strip().lower()
    if plain.isascii():
        assert ours == by_the_book(plain)
    elif ours is not None:  # invisible characters were taken out
        assert ours == by_the_book(ours) == clean_address(ours) == one_form(ours)


@settings(max_examples=500, deadline=None)
@given(
    address=st.from_regex(
        r"[a-z0-9_+-]{1,40}(\.[a-z0-9_+-]{1,20}){0,2}"
        r"@([a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?\.){1,4}[a-z]{2,64}",
        fullmatch=True,
    )
)
def test_whatever_the_fast_path_may_accept_the_validator_accepts_unchanged(address: str) -> None:
    expected = by_the_book(address)
    try:
        assert clean_address(address) == expected
    except BadValue:
        assert expected is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("  Amara.Okafor@Example.ORG\t", "amara.okafor@example.org"),
        ("\ufeffa@example.org\u200b", "a@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a@xn--bcher-kva.example.org", "a@xn--bcher-kva.example.org"),
        ("a@BÜCHER.example.org", "a@xn--bcher-kva.example.org"),
        ("a@bu\u0308cher\u3002example.org", "a@xn--bcher-kva.example.org"),
        ("a@почта.рф", "a@xn--80a1acny.xn--p1ai"),
        ("JOSÉ@example.org", "josé@example.org"),
        ("jose\u0301@bücher.example.org", "josé@xn--bcher-kva.example.org"),
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
    ],
)
def test_addresses_are_written_one_way(text: str, address: str) -> None:
    assert clean_address(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no email address"),
        ("o\u2019brien@example.org", "letters that cannot be delivered"),
        ("josé <josé@example.org>", "not valid"),
        ("josé@exa\u0300mple..org", "not valid"),
        ("jos\ue000@example.org", "invisible|not valid"),
        ("\u0301jose@example.org", "not valid"),
        ("a@example.org; b@example.org", "more than one"),
        ("Amara <a@example.org>", "not valid"),
        ("mailto:a@example.org", "not valid"),
        ("a@localhost", "not valid"),
        ("a@example.org\r\nBcc: b@example.org", "more than one"),
        ("a" * 65 + "@example.org", "not valid"),
    ],
)
def test_addresses_that_cannot_be_written_to_say_why(text: str, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        clean_address(text)
    assert re.search(reason, caught.value.reason)
    assert caught.value.advice


def test_domains_are_written_one_way() -> None:
    assert clean_domain(" @Example.ORG ") == "example.org"
    assert clean_domain("@почта.РФ") == clean_domain("xn--80a1acny.xn--p1ai")
    with pytest.raises(BadValue):
        clean_domain("not a domain")
