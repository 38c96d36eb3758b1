"""Judging one line of copy, as the checks of an edition do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rendering.conftest import EDITION, LAYOUTS, Write, hub, write

from outreach.checks import Sample, check
from outreach.domain import Reader
from outreach.errors import Fault
from outreach.hub import Hub
from outreach.rendering import compile_campaign

__all__ = ["hub", "write"]

ADA = Reader("Ada", "Lee")

Find = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def found(hub: Hub, write: Write) -> Find:
    """What the checks find in copy, under a heading of its own unless `bare`."""

    def run(
        body: str,
        subject: str = "Hello",
        preview: str = "A test",
        *readers: Reader,
        bare: bool = False,
        layouts: Path = LAYOUTS,
    ) -> tuple[Fault, ...]:
        campaign = write(body if bare else f"# A heading\n\n{body}", subject, preview)
        made = compile_campaign(campaign, hub, layouts)
        samples = []
        for number, reader in enumerate(readers or (ADA,), start=1):
            key, values = made.assess(reader)
            content = made.render(key, EDITION)
            samples.append(Sample(number, made.label(key), 1, content, values))
        return check(campaign, hub, samples, {})

    return run


def names(faults: tuple[Fault, ...]) -> list[str]:
    """Which checks found something."""
    return [fault.check for fault in faults]
