"""Fields of the trigger form, as Airflow's `Param` takes them: name -> what it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outreach.hub import Hub

Fields = dict[str, dict[str, Any]]

_TEXT: dict[str, Any] = {"default": None, "type": ["null", "string"]}
_TICK: dict[str, Any] = {"default": False, "type": "boolean"}
_SOME: dict[str, Any] = {"default": None, "type": ["null", "array"]}
_FOLLOWED = {"accepted": "those who were accepted in it", "failed": "those who failed in it"}

OVERDUE: Fields = {
    "overdue": {
        **_TICK,
        "title": "Overdue too",
        "description": "Also write to people whose step came too late, as listed in its editions.",
    },
}

WHEN: Fields = {
    "occurrence": {
        **_TEXT,
        "title": "Name of this edition",
        "pattern": r"^([A-Za-z0-9][A-Za-z0-9._+-]{0,63})?$",
        "description": "Leave empty for today's date. A name that was used is not sent again.",
    },
    "send_at": {
        **_TEXT,
        "format": "date-time",
        "title": "Send at",
        "description": "Leave empty to send as soon as it is approved.",
    },
}

TRIALS: Fields = {
    "dry_run": {
        **_TICK,
        "title": "Dry run",
        "description": "Only count and check: nothing is kept and nothing is sent.",
    },
    "reach_links": {
        **_TICK,
        "title": "Ask every link's website",
        "description": "Advises on links that do not answer. It may take a minute.",
    },
}

WHOM: Fields = {
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


def fields(hub: Hub, *, step: bool) -> Fields:
    """Return every field of a campaign's form; `step`: of one that follows a pledge."""
    return {
        **(OVERDUE if step else {}),
        **WHEN,
        "test_recipients": _test_recipients(hub),
        **TRIALS,
        "sectors": _some_of("Sectors", hub.sectors),
        "ics_areas": _some_of("Areas", hub.ics_areas),
        "boroughs": _some_of("Boroughs", hub.boroughs),
        **WHOM,
    }


def _some_of(title: str, values: Iterable[str]) -> dict[str, Any]:
    return {
        **_SOME,
        "title": title,
        "examples": list(values),
        "items": {"type": "string", "enum": list(values)},
        "description": "Leave empty for all. This can only take people away.",
        "section": "Narrow the audience",
    }


def _test_recipients(hub: Hub) -> dict[str, Any]:
    told = (
        "Colleagues who get a marked, uncounted test of each variant. Nothing is prepared, and no "
        "reader is written to."
    )
    return {
        **_SOME,
        "title": "Test recipients only",
        "examples": sorted(hub.colleagues),
        "items": {"type": "string"},
        "description": told
        if hub.colleagues
        else "hub.yaml names no colleagues yet, and a test goes to nobody else.",
    }
