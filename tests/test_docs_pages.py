"""What the documentation says to choose, press or tick is there, in the same words."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from outreach.pullwords import LET_PASS
from outreach.settings import ROOT
from tests.reading_docs import GUIDE, PAGES, prose, shown

NAMES = r"\*{1,2}([^*\n]+?)\*{1,2}"
ORDER = re.compile(
    rf"\b(?:choose|press|tick|open|trigger) {NAMES}(?:, {NAMES})?(?:,? (?:or|then|and) {NAMES})?",
    re.IGNORECASE,
)
AIRFLOWS = {"dags", "trigger", "browse"}
"""Names on Airflow's own pages."""


def on_our_pages() -> str:
    """Every text of the staff pages and of the DAGs' forms, on one line, in small letters."""
    forms = [*(ROOT / "dags").glob("*.py"), ROOT / "plugins" / "outreach" / "dagforms.py"]
    files = [*(ROOT / "templates" / "pages").rglob("*.html"), *forms]
    text = " ".join(unescape(file.read_text()) for file in files)
    plain = re.sub(r"<[^>]+>|\{[{%].*?[%}]\}", "", text)
    return re.sub(r"\s+", " ", " ".join([plain, *LET_PASS.values()])).lower()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "decisions" not in str(page)], ids=shown
)
def test_what_a_page_says_to_choose_press_or_tick_is_there(page: Path) -> None:
    named = {name.lower() for found in ORDER.findall(prose(page)) for name in found if name}
    there = on_our_pages()
    titles = (ROOT / "templates" / "campaigns").glob("*.md")
    there += " ".join(path.read_text().lower() for path in titles)
    assert {name for name in named - AIRFLOWS if name not in there} == set()


def test_the_guide_names_every_tick_that_lets_a_stopped_file_pass() -> None:
    assert [tick for tick in LET_PASS.values() if f"*{tick}*" not in GUIDE.read_text()] == []
