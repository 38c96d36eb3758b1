"""No cell of any CSV may be taken for a formula, and reading it back loses nothing."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.exports import safe_cell, write_csv
from outreach.sources.values import clean_text

HOSTILE = st.text(st.sampled_from("=+-@\t\r\n '\"\u200b\ufeff\uff1d\uff0b\ufe63a1,\0"), max_size=8)


@given(st.one_of(HOSTILE, st.text(max_size=20)))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    seen = safe_cell(text)
    bare = seen.lstrip(" \u200b\ufeff\0\u00a0\x0b\x0c")
    assert bare[:1] not in tuple("=+-@\t\r\n")
    assert seen in (text, f"'{text}")


@given(st.text(max_size=30))
def test_a_cell_read_back_is_what_was_written(text: str) -> None:
    kept = clean_text(text, "cell")
    if not kept.startswith("'"):
        assert clean_text(safe_cell(kept), "cell") == kept


def test_a_file_is_whole_private_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.csv"
    assert write_csv(path, ("a", "b"), [("=1", None), (-5, "x,\n'y\"")]) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["'=1", ""], ["'-5", "x,\n'y\""]]


def test_a_broken_export_leaves_the_last_one_and_no_scraps(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, ("a",), [("1",)])

    def rows() -> object:
        yield ("2",)
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError):
        write_csv(path, ("a",), rows())  # type: ignore[arg-type]
    assert path.read_text() == "a\n1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
