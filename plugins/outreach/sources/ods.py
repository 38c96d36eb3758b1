"""The Organisation Data Service's files: most have no heading row, all are known by their shape.

https://digital.nhs.uk/services/organisation-data-service/data-search-and-export/csv-downloads

Full reports have 27 columns. `epcn` lists Primary Care Networks in 12, `epcncorepartnerdetails`
who belongs to which in 11; the workbook ePCN.xlsx has both with headings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from outreach.sources.headers import squeezed

_FULL = {
    0: "ODS code",
    1: "Name",
    3: "ICB code",
    9: "Postcode",
    10: "Open date",
    11: "Close date",
    12: "Status code",
    25: "Prescribing setting",
}
_NETWORKS = {
    0: "ODS code",
    1: "Name",
    2: "Current Sub ICB Loc Code",
    4: "Open date",
    5: "Close date",
    11: "Postcode",
}
_PARTNERS = {
    0: "Partner Organisation Code",
    1: "Partner Name",
    2: "Practice Parent Sub ICB Loc Code",
    4: "PCN Code",
    5: "PCN Name",
    8: "Practice to PCN Relationship Start Date",
    9: "Practice to PCN Relationship End Date",
}
_SECTORS = {
    "epraccur": "General Practice",
    "ebranchs": "General Practice",
    "edispensary": "Community Pharmacy",
    "epharmacyhq": "Community Pharmacy",
    "egdpprac": "Dentistry",
    "eoptsite": "Optometry",
    "eopthq": "Optometry",
    "eopthp": "Optometry",
}
UNUSED = "ODS column "
"""How the columns are called that are of no use here."""

_WORD = re.compile(r"[A-Z0-9']+")
_SMALL = frozenset({"AND", "OF", "THE", "AT", "IN", "ON", "FOR", "BY"})
_SHORT = frozenset({"DR", "DRS", "MR", "MRS", "MS", "ST", "RD", "CTR"})
_INITIALS = frozenset({"ICB", "ICS", "UK", "ENT", "GUM", "OOH", "LLP", "UCLH", "IC"})
_CODE = re.compile(r"[A-Z0-9]{3,8}")
_NETWORK = re.compile(r"U\d{5}")
_DATE = re.compile(r"(?:\d{8})?")

AREAS: Mapping[str, str] = {
    **dict.fromkeys(("QMJ", "93C"), "North Central London"),
    **dict.fromkeys(("QMF", "A3A8R"), "North East London"),
    **dict.fromkeys(("QRV", "W2U3Z"), "North West London"),
    **dict.fromkeys(("QKK", "72Q"), "South East London"),
    **dict.fromkeys(("QWE", "36L"), "South West London"),
}
"""London's integrated care boards and their sub-locations, by ODS code -> area."""

_GP_SETTINGS = frozenset({"", "4", "04", "RO76", "GPPRACTICE"})


def headings(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings of such a file, judged by its first row; empty where it is another."""
    columns = _columns(tuple(cell.strip() for cell in cells))
    return tuple(columns.get(i, f"{UNUSED}{i + 1}") for i in range(len(cells) if columns else 0))


def _columns(cells: tuple[str, ...]) -> Mapping[int, str]:
    if not cells or not _CODE.fullmatch(cells[0]):
        return {}
    if len(cells) == 27:
        return _FULL
    if len(cells) == 12 and is_network(cells[0]) and _DATE.fullmatch(cells[5]):
        return _NETWORKS
    if len(cells) == 11 and is_network(cells[4]) and _DATE.fullmatch(cells[8]):
        return _PARTNERS
    return {}


def renamed(found: tuple[str, ...], asked: Collection[str]) -> tuple[str, ...]:
    """Return headings of a list of organisations with what ODS calls a code as our own.

    Those in `asked` a person has said the meaning of: they stay.

    In the workbook's list of networks a network is the organisation of its row; everywhere else
    it is where one belongs.
    """
    plain = {squeezed(heading) for heading in found}
    if plain & {"odscode", "organisationcode", "partnerorganisationcode"}:
        ours = {}
    elif plain >= {"pcncode", "pcnname", "opendate"}:
        ours = {"pcncode": "ODS code", "pcnname": "Name"}
    else:
        ours = {"code": "ODS code", "orgid": "ODS code", "organisationid": "ODS code"}
    ours |= {"highlevelhealthgeography": "ICB code"}
    said = {squeezed(heading) for heading in asked}
    return tuple(
        heading if squeezed(heading) in said else ours.get(squeezed(heading), heading)
        for heading in found
    )


def sector(file_name: str) -> str:
    """Return the sector that a file of this name lists, '' where it does not tell."""
    stem = re.match(r"[a-z]*", file_name.lower())
    return _SECTORS.get(stem.group() if stem else "", "")


def spelled(name: str) -> str:
    """Return a name that is all in capitals, as ODS writes them, as an email may print it.

    Initials stay: words without a vowel or with a digit, and the ones everybody knows.
    """
    if not name.isupper():
        return name
    words = _WORD.sub(lambda found: _cased(found.group()), name)
    return words[:1].upper() + words[1:]


def _cased(word: str) -> str:
    if word in _SMALL:
        return word.lower()
    plain = word.replace("'", "")
    if word in _INITIALS or not plain.isalpha():
        return word
    if word not in _SHORT and not re.search("[AEIOUY]", word):
        return word
    return word.capitalize()


def is_network(code: str) -> bool:
    """Whether an ODS code is a Primary Care Network's own."""
    return _NETWORK.fullmatch(code) is not None


def is_practice(setting: str) -> bool:
    """Whether a prescribing setting is a general practice's; one that is not told may be."""
    return re.sub(r"[^A-Z0-9]", "", setting.upper()) in _GP_SETTINGS


def is_open(status: str) -> bool | None:
    """Return what a status says: A or ACTIVE, C or CLOSED; None where it says neither."""
    word = status.strip().upper()
    if word in ("A", "ACTIVE"):
        return True
    return False if word in ("C", "CLOSED", "INACTIVE") else None
