"""Who may be reached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from outreach.providers.allowlist import allowed, plain_address, refusal
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
        ("", False),
    ],
)
def test_only_one_bare_address_is_plain(address: str, plain: bool) -> None:
    assert plain_address(address) is plain
