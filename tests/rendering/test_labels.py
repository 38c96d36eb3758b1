"""Variant labels read as a comms officer speaks."""

from __future__ import annotations

import pytest

from outreach.rendering.labels import in_words


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([], "everyone"),
        ([("contact.pledged", True)], "has pledged"),
        ([("contact.pledged", False)], "has not pledged"),
        ([("contact.sector == 'Dentistry'", True)], "sector is Dentistry"),
        ([('contact.ics_area != "North Central London"', False)], "area is North Central London"),
        ([("contact.borough in ['Camden', 'Barnet']", False)], "borough is not Camden or Barnet"),
        ([("contact.job_role", False)], "role is not known"),
        (
            [("contact.sector == 'Dentistry'", False), ("contact.sector in hub.sectors", True)],
            "sector is not Dentistry; sector is known",
        ),
        (
            [("contact.sector == 'Dentistry'", False), ("contact.sector == 'Optometry'", True)],
            "sector is Optometry",
        ),
        ([("contact.name | length > 3", True)], "contact.name | length > 3: yes"),
    ],
)
def test_tests_and_results_become_words(asked: list[tuple[str, bool]], words: str) -> None:
    assert in_words(asked) == words
