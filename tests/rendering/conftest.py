"""A hub and a way to write a campaign down in one line, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from outreach.campaigns import Campaign, load_campaign
from outreach.hub import Hub, load_hub
from outreach.rendering import Compiled, EditionContext, compile_campaign
from outreach.settings import ROOT

LAYOUTS = ROOT / "templates" / "layouts"
EDITION = EditionContext("2026-11-24", date(2026, 11, 24))
UNSUBSCRIBE = "https://go.example.org/u/abc?k=1&t=2"
VIEW = "https://go.example.org/v/abc"

HEAD = """---
title: A test
purpose: public_task
basis_reason: The hub's task is to support the primary care workforce.
subject: "{subject}"
preview: "{preview}"
owner: casey
---
"""


@pytest.fixture(scope="session")
def hub() -> Hub:
    return load_hub(ROOT / "hub.yaml")


Write = Callable[..., Campaign]
Compile = Callable[..., Compiled]


@pytest.fixture
def write(hub: Hub, tmp_path: Path) -> Write:
    """Write a campaign whose body is given, and load it."""

    def made(body: str, subject: str = "Hello", preview: str = "A test") -> Campaign:
        path = tmp_path / "a-test.md"
        path.write_text(HEAD.format(subject=subject, preview=preview) + body)
        return load_campaign(path, hub)

    return made


@pytest.fixture
def compiled(hub: Hub, write: Write) -> Compile:
    """Write, load and compile a campaign whose body is given."""

    def made(body: str, subject: str = "Hello", preview: str = "A test") -> Compiled:
        return compile_campaign(write(body, subject, preview), hub, LAYOUTS)

    return made
