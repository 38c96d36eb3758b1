"""Rows set aside that name a person who is erased: theirs are emptied, others' keep their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from outreach.ledger.contacts import address_pattern, quarantined_with, seen
from outreach.ledger.erasing_texts import ERASED
from outreach.ledger.people import quarantined_row

_WHOLE = re.compile(r"\s*[^@\s]+@[^@\s]+\s*")
"""A cell that is an address and nothing else."""

_ADDRESSED = re.compile(r"\W*|.*<\W*>.*|\s*mailto:.*", re.DOTALL | re.IGNORECASE)
"""What is left of a cell that gives somebody's address, once that is taken out."""


def erase_quarantined(connection: sa.Connection, address: str) -> int:
    """Take a person out of the rows set aside that name them; return how many named them."""
    exact = address_pattern(address)
    found = list(quarantined_with(connection, address))
    for one in found:
        values: dict[str, Any] = {"row": _without(one["row"], exact), "advice": ""}
        if not values["row"]:
            values["reason"] = "erased at the person's own request"
        connection.execute(
            sa.update(quarantined_row).where(quarantined_row.c.id == one["id"]).values(**values)
        )
    return len(found)


def _without(row: Mapping[str, str], exact: re.Pattern[str]) -> dict[str, str]:
    """Return somebody else's row without what it says of the person, and {} for their own.

    It is somebody else's where the first address in it is another's, alone in its cell, and
    theirs stands only among other words, as in a note: nobody is lost because a row mentions them.
    """
    cells = {name: str(cell) for name, cell in row.items()}
    mine = [name for name, cell in cells.items() if exact.search(seen(cell))]
    first = next((name for name, cell in cells.items() if "@" in cell), "")
    others = first and first not in mine and _WHOLE.fullmatch(cells[first])
    own = any(_ADDRESSED.fullmatch(exact.sub("", seen(cells[name]))) for name in mine)
    if not others or own or not mine or any(exact.search(seen(name)) for name in cells):
        return {}
    return {**cells, **{name: _lines(cells[name], exact) for name in mine}}


def _lines(cell: str, exact: re.Pattern[str]) -> str:
    return "\n".join(ERASED if exact.search(seen(line)) else line for line in cell.splitlines())
