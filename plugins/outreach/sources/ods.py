"""The Organisation Data Service's CSV files, which have no heading row.

https://digital.nhs.uk/services/organisation-data-service/data-search-and-export/csv-downloads
"""

from __future__ import annotations

import re

_COLUMNS = {0: "ODS code", 1: "Name", 9: "Postcode"}
_WIDTH = 27
_SECTORS = {
    "epraccur": "General Practice",
    "edispensary": "Community Pharmacy",
    "egdpprac": "Dentistry",
    "eopthp": "Optometry",
}


def headings(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings of such a file, judged by its first row; empty where it is another."""
    if len(cells) != _WIDTH or not re.fullmatch(r"[A-Z0-9]{3,8}", cells[0]):
        return ()
    return tuple(_COLUMNS.get(i, f"(ODS column {i + 1})") for i in range(_WIDTH))


def sector(file_name: str) -> str:
    """Return the sector that a file of this name lists, '' where it does not tell."""
    return _SECTORS.get(file_name.partition(".")[0].lower(), "")
