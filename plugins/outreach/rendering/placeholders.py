"""What a new campaign file leaves to be written: `[[ ... ]]`, which nobody may be sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outreach.errors import Fault
from outreach.wording import shown_path

if TYPE_CHECKING:
    from outreach.campaigns import Campaign

_PLACEHOLDER = re.compile(r"\[\[(.+?)\]\]")


def placeholder_faults(campaign: Campaign) -> tuple[Fault, ...]:
    """Return a Fault for each placeholder that still stands in a campaign's file."""
    file = shown_path(campaign.file)
    return tuple(
        Fault(f"this is still to be written: {found.strip()}", file, number)
        for number, line in enumerate(campaign.source.split("\n"), 1)
        for found in _PLACEHOLDER.findall(line)
    )
