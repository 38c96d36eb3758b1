"""What a new campaign file leaves to be written: `[[ ... ]]`, which nobody may be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.sample import Finding

_PLACEHOLDER = re.compile(r"\[\[(.+?)\]\]")


def check_placeholders(source: str) -> Iterator[Finding]:
    """Find each placeholder that still stands in a campaign's file."""
    for number, line in enumerate(source.split("\n"), 1):
        for found in _PLACEHOLDER.findall(line):
            said = f"this is still to be written: {found.strip()}"
            yield Finding("to-be-written", said, line=number)
