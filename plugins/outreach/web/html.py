"""How every page is rendered: one Jinja environment, escaping on, people's formats."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

import jinja2

from outreach import clock
from outreach.domain import state_words
from outreach.flows.shrinking import WAY_ON


@cache
def environment(root: Path) -> jinja2.Environment:
    """Return the environment for the pages under `root`/templates/pages.

    Everything is escaped and an undefined name is an error. Filters: `london`, `london_date`,
    `london_seconds`, `number`, `share`, `percent`, `duration`, `state_words`, `masked`,
    `short`, `plainly`, `london_clock`.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(root / "templates" / "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(london=london, london_date=london_date, number=number, share=share)
    env.filters.update(london_seconds=london_seconds, percent=percent, duration=clock.duration)
    env.filters.update(state_words=state_words, masked=masked, short=short)
    env.filters.update(plainly=plainly, london_clock=london_clock)
    return env


def london(instant: datetime | None) -> str:
    """Return "23 November 2026, 10:00", in London's time; "" for None."""
    return clock.london(instant) if instant else ""


def london_date(day: date) -> str:
    """Return "23 November 2026"; an instant's day is London's."""
    if isinstance(day, datetime):
        day = day.astimezone(clock.LONDON).date()
    return f"{day.day} {day:%B %Y}"


def london_clock(instant: datetime) -> str:
    """Return "10:00", in London's time."""
    return f"{instant.astimezone(clock.LONDON):%H:%M}"


def london_seconds(instant: datetime) -> str:
    """Return "10:00:59 on 23 November 2026", in London's time."""
    local = instant.astimezone(clock.LONDON)
    return f"{local:%H:%M:%S} on {local.day} {local:%B %Y}"


def masked(address: str | None) -> str:
    """Return "j…@example.org" for an address; "" for none."""
    name, at, domain = (address or "").rpartition("@")
    return f"{name[:1]}…@{domain}" if at else ""


def short(text: str, most: int = 80) -> str:
    """Return a text for one cell of a table: on one line, cut at `most` characters."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def plainly(note: str) -> str:
    """Return why a file was stopped without the way on at a terminal: a page has its own."""
    said, way_on, _ = note.partition(WAY_ON)
    return f"{said}." if way_on else note


def percent(part: float) -> str:
    """Return 0.125 as "12%", rounded down so that only what is whole is shown as 100%."""
    return f"{int(part * 100)}%"


def number(value: int) -> str:
    """Return 12345 as "12,345"."""
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """Return `part` of `whole` as "12.5%"; a dash where there is no whole."""
    return f"{part / whole:.1%}" if whole else "–"
