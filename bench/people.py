"""Made-up people at example.org, the same in every run, and a messy file of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST = (
    *("Amara", "Beth", "Chidi", "Dana", "Ewan", "Femi", "Grace", "Hana", "Idris", "Jo"),
    *("Kofi", "Lena", "Marta", "Niamh", "Omar"),
)
LAST = (
    *("Adeyemi", "Brown", "Chen", "Davies", "Evans", "Fisher", "Gill", "Hughes", "Idowu"),
    *("Jones", "Khan", "Lewis", "O'Neil"),
)
ROLES = ("GP", "Practice manager", "Practice nurse", "Receptionist", "Pharmacist", "Optometrist")
SECTORS = ("General Practice", "Community Pharmacy", "Dentistry", "Optometry")
AREAS = tuple(f"{part} London" for part in ("North Central", "North East", "South West"))
BOROUGHS = ("Barnet", "Camden", "Enfield", "Haringey", "Islington")
HEADINGS = (
    *("Email address", "First name", "Last name", "Job role", "Sector", "ICS area", "Borough"),
    "Practice name",
)
CODES = tuple(f"F{83000 + number}" for number in range(997))
"""ODS codes of the practices where made-up people work."""


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person; `number` counts from 1."""

    number: int
    email: str
    first_name: str
    last_name: str
    job_role: str
    sector: str
    ics_area: str
    borough: str
    practice: str

    def cells(self) -> tuple[str, ...]:
        """Return this person as a row under `HEADINGS`."""
        return (
            *(self.email, self.first_name, self.last_name, self.job_role, self.sector),
            *(self.ics_area, self.borough, self.practice),
        )


def people(number: int) -> Iterator[Person]:
    """Yield people 1 to `number`."""
    for n in range(1, number + 1):
        first, last = FIRST[n % len(FIRST)], LAST[n % len(LAST)]
        yield Person(
            number=n,
            email=_address(n),
            first_name=first,
            last_name=last,
            job_role=ROLES[n % len(ROLES)],
            sector=SECTORS[n % 7 % len(SECTORS)],
            ics_area=AREAS[n % len(AREAS)],
            borough=BOROUGHS[n % len(BOROUGHS)],
            practice=f"Practice {n % 997}, Hill Road",
        )


def write_messy_csv(path: Path, rows: int) -> None:
    """Write a contact list of about `rows` rows as offices keep them.

    Of a hundred rows, ten are in capitals, ten have outer spaces, five say their area by a
    short name, three repeat an earlier address, one has no usable address and one has none.
    Each has the ODS code of a practice.
    """
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file)
        out.writerow((*HEADINGS, "ODS code"))
        for one in people(rows):
            out.writerow((*_messy(one), CODES[one.number % len(CODES)]))


def _messy(one: Person) -> tuple[str, ...]:
    email, *rest = one.cells()
    place = one.number % 100
    if place < 10:
        email = email.upper()
    elif place < 20:
        email, rest = f"  {email} ", [f" {cell}  " for cell in rest]
    elif place < 25:
        rest[4] = "NCL"
    elif place < 28:
        email = _address(max(1, one.number - 20))
    elif place < 29:
        email = email.replace("@", " at ")
    elif place < 30:
        email = ""
    return (email, *rest)


def _address(number: int) -> str:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return f"{first}.{last.replace(chr(39), '')}.{number}@example.org".lower()
