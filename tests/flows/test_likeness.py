"""Which organisation a name means: certain, doubtful, or none; never a guess."""

from __future__ import annotations

import random

import pytest

from outreach.flows.likeness import FAR, Judgement, Listed, Register, likeness
from outreach.ledger.organisation_names import core, name_key, postcode_key

NAMES = [
    ("Alder Medical Practice", "N1 1AA"),
    ("Birchwood Surgery", "N2 2BB"),
    ("St John's Medical Centre", "N3 3CC"),
    ("Maple Pharmacy", "N1 1AA"),
    ("Finchley Health Centre Practice 1", "N4 4DD"),
    ("Finchley Health Centre Practice 2", "N4 4DD"),
    ("East Barnet Medical Centre", "N5 5EE"),
    ("The Surgery", "N6 6FF"),
    ("The Surgery", "N7 7GG"),
    ("Dr Okafor & Partners", "N8 8HH"),
    ("Park Opticians", "N9 9JJ"),
]


@pytest.fixture
def register() -> Register:
    return Register(
        Listed(number, name_key(name), postcode_key(postcode))
        for number, (name, postcode) in enumerate(NAMES, 1)
    )


def judged(register: Register, name: str, postcode: str = "") -> Judgement:
    return register.judge(name_key(name), postcode_key(postcode))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The St. John's Med Ctr Ltd", "SAINT JOHNS MEDICAL CENTRE"),
        ("Dr. Okafor & Partners", "okafor and partners"),
        ("Alder  Hlth Ctr", "Alder Health-Centre"),
        ("Café Rd Surgery", "Cafe Road surgery"),
        ("Camden North PCN", "Camden North Primary Care Network"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Park Surgery", "Park Pharmacy"),
        ("The Surgery", "The Practice"),
        ("Alder Medical Practice", "Alder Medical Centre"),
    ],
)
def test_words_for_what_it_is_stay_in_the_key(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("name", "postcode", "number"),
    [
        ("ALDER MEDICAL PRACTICE", "n11aa", 1),
        ("The Alder Med Prac", "N1 1AA", 1),
        ("Alder Surgery", "N1 1AA", 1),
        ("Maple Chemist", "N1 1AA", 4),
        ("Birchwod Surgery", "N2 2BB", 2),
        ("Saint Johns Med Ctr", "N3 3CC", 3),
        ("Finchley Health Centre (Practice 2)", "N4 4DD", 6),
        ("The Surgery", "N7 7GG", 9),
    ],
)
def test_a_name_at_its_postcode_is_matched(
    register: Register, name: str, postcode: str, number: int
) -> None:
    found = judged(register, name, postcode)
    assert (found.state, found.organisation_id) == ("matched", number)


@pytest.mark.parametrize(
    ("name", "postcode", "candidates"),
    [
        ("Alder Medical Practice", "", [1]),
        ("Birchwood Surgery", "N9 1ZZ", [2]),
        ("The Surgery", "", [8, 9]),
        ("Finchley Health Centre", "N4 4DD", [5, 6]),
        ("West Barnet Medical Centre", "N5 5EE", [7]),
        ("Finchley Health Centre Practice 3", "N4 4DD", [5, 6]),
    ],
)
def test_what_is_only_likely_is_left_to_a_person(
    register: Register, name: str, postcode: str, candidates: list[int]
) -> None:
    found = judged(register, name, postcode)
    assert (found.state, found.organisation_id) == ("doubtful", None)
    assert [number for number, _ in found.candidates] == candidates


@pytest.mark.parametrize(
    ("name", "postcode"),
    [
        ("Quayside Vets", "N1 1AA"),
        ("Park Pharmacy", "N9 9JJ"),
        ("Retired", ""),
        ("n/a", ""),
    ],
)
def test_a_name_like_no_other_is_unknown(register: Register, name: str, postcode: str) -> None:
    assert judged(register, name, postcode) == Judgement("unknown")


_WORDS = (
    "alder birch elm oak ash park church mill north south old 1 2 surgery medical centre pharmacy"
)


def test_nobody_alike_is_left_out_because_few_are_compared() -> None:
    dice = random.Random(7)
    some = [" ".join(dice.choices(_WORDS.split(), k=dice.randint(1, 4))) for _ in range(300)]
    listed = [Listed(number, key, "") for number, key in enumerate(some, 1)]
    said = [key[: dice.randint(3, 30)] + dice.choice(["", "e", "s x"]) for key in some]
    missed = []
    for key in said:
        for other in dice.sample(listed, 20):
            alike = likeness(key, other.name_key)
            shares = {w[:3] for w in _core(key)} & {w[:3] for w in _core(other.name_key)}
            wanted = ((other.id, alike),) if alike >= FAR and shares else ()
            if Register([other]).judge(key, "").candidates != wanted:
                missed.append((key, other))
    assert not missed


def _core(key: str) -> list[str]:
    return core(key).split()
