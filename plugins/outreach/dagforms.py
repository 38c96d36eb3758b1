"""Fields of the trigger form about whom an edition goes to, as Airflow's `Param` takes them."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"default": None, "type": ["null", "string"]}
_FOLLOWED = {"accepted": "those who were accepted in it", "failed": "those who failed in it"}

WHOM: dict[str, dict[str, Any]] = {
    "only": {
        **_TEXT,
        "maxLength": 2000,
        "title": "Only those for whom this holds",
        "description": "A rule as in a campaign file, such as: not written to in the last 14 "
        "days. This can only take people away.",
        "section": "Narrow the audience",
    },
    "follow_up": {
        **_TEXT,
        "maxLength": 200,
        "title": "Edition to follow up",
        "description": "Such as what-is-wres@2026-11-24: for a correction. It goes to exactly "
        "those people, whatever this campaign's segment says. Leave empty otherwise.",
        "section": "Follow-up",
    },
    "follow_up_to": {
        **_TEXT,
        "enum": [None, *_FOLLOWED],
        "values_display": _FOLLOWED,
        "title": "To whom",
        "section": "Follow-up",
    },
}
"""Name of each field -> what it is."""
