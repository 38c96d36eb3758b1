"""Cells that may hold several values, such as the sectors that a resource is for."""

from __future__ import annotations

import re

_EVERYBODY = frozenset({"all", "any", "everyone", "everybody", "everything"})
_BETWEEN = re.compile(r"[;|,\n]")


def parts_of(text: str) -> list[str]:
    """Return what stands between semicolons, bars, commas or line ends; [] for all, or nothing."""
    if text.strip().casefold() in _EVERYBODY:
        return []
    return [part for one in _BETWEEN.split(text) if (part := one.strip())]
