"""The table of checks, the functions that find, and the documentation agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outreach.checks import BY_NAME, CHECKS, lists
from outreach.errors import InputError
from outreach.settings import ROOT

DOCUMENT = ROOT / "docs" / "checks.md"
PACKAGE = ROOT / "plugins" / "outreach"


def test_the_documentation_has_a_row_for_each_check_in_its_own_words() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (.*) \| (stops|advice) \| (.*) \|$", DOCUMENT.read_text(), re.M
    )
    assert rows == [(c.name, c.title, "stops" if c.blocking else "advice", c.why) for c in CHECKS]


def test_the_documentation_lists_the_groups_in_order() -> None:
    headings = re.findall(r"^### (.+)$", DOCUMENT.read_text(), re.M)
    assert headings == list(dict.fromkeys(check.group for check in CHECKS))


def test_every_check_is_looked_for_and_every_name_that_is_found_is_in_the_table() -> None:
    files = [*(PACKAGE / "checks").glob("*.py"), *(PACKAGE / "flows").glob("*.py")]
    code = "".join(file.read_text() for file in files if file.name != "table.py")
    used = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code))
    schemes = {"contrast-light", "contrast-dark"}  # put together from the scheme's name
    assert set(BY_NAME) - schemes <= used
    assert set(re.findall(r'Finding\(\s*"([a-z-]+)"', code)) <= set(BY_NAME)


def test_each_check_has_a_name_of_its_own_and_says_why() -> None:
    assert len(BY_NAME) == len(CHECKS) > 30
    assert [c.name for c in CHECKS if not c.why.endswith(".") or not c.title] == []


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            "words.yaml",
            "avoid: []\nnames: []\nnmaes: []\n",
            "words.yaml:3: there is no field “nmaes”",
        ),
        (
            "words.yaml",
            "avoid:\n  - word: x\n    why: y\nnames: []\n",
            "“avoid.0.write” is missing",
        ),
        ("links.yaml", "known_bad: []\ntrusted: [\n", "cannot be read"),
    ],
)
def test_a_mistake_in_a_list_is_told_with_its_line(
    tmp_path: Path, file: str, text: str, says: str
) -> None:
    (tmp_path / file).write_text(text)
    read = {"words.yaml": lists.words, "links.yaml": lists.websites}[file]
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert says in str(caught.value)
