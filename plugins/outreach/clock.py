"""Time as people here mean it: UTC kept, Europe/London shown."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.errors import InputError

LONDON = ZoneInfo("Europe/London")


def london(when: datetime) -> str:
    """Return an instant as people read it in London: `23 November 2026, 10:00`."""
    local = when.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M}"


def parse_when(text: str) -> datetime:
    """Return the instant that ISO 8601 `text` means; without a zone it is London time.

    Raises InputError where London's clocks skip that time or show it twice.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is not a time; write 2026-11-23T10:00") from None
    if found.tzinfo is not None:
        return found
    first = found.replace(tzinfo=LONDON)
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        raise InputError(
            f"{text} does not exist or comes twice in London, as the clocks change; "
            "choose another time or add a zone, such as 2026-10-25T01:30+00:00"
        )
    return first


def duration(seconds: int) -> str:
    """Return a time span as people say it: "under a minute", "5 minutes", "2 hours 10 minutes"."""
    if seconds < 60:
        return "under a minute"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((hours, "hour"), (minutes, "minute"))
        if number
    ]
    return " ".join(parts)
