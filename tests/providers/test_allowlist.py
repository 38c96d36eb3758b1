"""Who may be reached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from outreach.errors import Rejected
from outreach.providers.allowlist import allowed, guard, plain_address, refusal
from outreach.settings import load_settings

SETTINGS = load_settings({"OUTREACH_HOME": "/nowhere", "OUTREACH_ALLOWED_RECIPIENTS": "x@a.org"})


@pytest.mark.parametrize(
    ("globs", "address", "answer"),
    [
        ((), "amy@example.org", False),
        (("*@example.org",), "amy@example.org", True),
        (("*@Example.org",), " AMY@example.ORG", True),
        (("*@example.org",), "amy@example.org.evil.com", False),
        (("*@example.org",), "amy@sub.example.org", False),
        (("amy@example.org", "lee@example.org"), "lee@example.org", True),
    ],
)
def test_outside_production_the_globs_decide(globs, address, answer) -> None:
    assert allowed(address, replace(SETTINGS, allowed_recipients=globs)) is answer


def test_production_reaches_everyone() -> None:
    assert allowed("amy@nhs.example", replace(SETTINGS, env="production", allowed_recipients=()))


def test_an_empty_list_says_so() -> None:
    nobody = replace(SETTINGS, allowed_recipients=(), home=Path())
    assert "OUTREACH_ALLOWED_RECIPIENTS is empty" in refusal(nobody)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("amy@example.org", True),
        ("o'neill+x@example.org", True),
        ("amy@localhost", False),
        ("a@b@example.org", False),
        ("amy@example.org\n", False),
        ("<amy@example.org>", False),
        ("amy;lee@example.org", False),
        ("zoë@example.org", False),
        ("amy@b.c\nlee@b.c", False),
        ("amy@b.c:", False),
        ("@b.c", False),
        ("amy@b.", True),
        ("", False),
    ],
)
def test_only_one_bare_address_is_plain(address: str, plain: bool) -> None:
    assert plain_address(address) is plain


FORBIDDEN = {*'@,;<>()[]\\":'}


def test_no_letter_but_those_of_plain_addresses_is_let_through() -> None:
    for letter in map(chr, range(0x250)):
        plain = "!" <= letter <= "~" and letter not in FORBIDDEN
        for address in (f"a{letter}@b.c", f"a@{letter}b.c", f"a@b.c{letter}", f"{letter}@b.c"):
            assert plain_address(address) is plain


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("amy@a.org", ""),
        ("AMY@A.org", ""),
        ("zoë@a.org", "ASCII"),
        ("amy@a.org\nlee@a.org", "plain"),
        ("amy@a", "plain"),
        ("", "plain"),
        ("amy@b.org", "allow-list"),
    ],
)
def test_one_address_that_must_not_be_reached_refuses_its_batch(address: str, why: str) -> None:
    settings = replace(SETTINGS, allowed_recipients=("lee@c.org", "*@A.org"))
    for addresses in ((address,), ("lee@c.org", address, "lee@a.org")):
        if why:
            with pytest.raises(Rejected, match=why):
                guard(addresses, settings)
        else:
            guard(addresses, settings)


def test_with_an_empty_allow_list_nobody_is_reached_and_an_empty_batch_is_no_fault() -> None:
    nobody = replace(SETTINGS, allowed_recipients=())
    guard((), nobody)
    with pytest.raises(Rejected, match="OUTREACH_ALLOWED_RECIPIENTS is empty"):
        guard(("amy@a.org",), nobody)
    guard(("amy@a.org",), replace(nobody, env="production"))
