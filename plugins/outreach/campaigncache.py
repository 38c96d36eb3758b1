"""Campaigns that this process has read: a file that says the same is not taken apart again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.hub import Hub

_MOST = 1_000
_read: dict[Path, tuple[str, Hub, Campaign]] = {}


def read_before(path: Path, source: str, hub: Hub) -> Campaign | None:
    """Return the campaign of file `path` if it was read with this content and hub."""
    known = _read.get(path)
    if known is None or known[0] != source or known[1] != hub:
        return None
    return known[2]


def keep_read(source: str, hub: Hub, campaign: Campaign) -> None:
    """Remember a campaign without a fault, unless it shows images: their files may change too."""
    if campaign.images:
        return
    if len(_read) >= _MOST:
        _read.clear()
    _read[campaign.file] = (source, hub, campaign)


def forget_read() -> None:
    """Read every file as for the first time: for benchmarks."""
    _read.clear()
