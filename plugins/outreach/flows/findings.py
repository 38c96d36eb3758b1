"""What `outreach doctor` says about one thing."""

from __future__ import annotations

from dataclasses import dataclass

OK, ADVICE, MISSING = "ok", "advice", "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `level` is ok, advice or missing; `found` holds no secret."""

    level: str
    what: str
    found: str
    advice: str = ""
