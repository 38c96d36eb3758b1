"""A text file read in two stretches gives the rows of the whole, or says that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.sources.csvfile import TextFormat, blocks
from outreach.sources.stretches import WHOLE, Stretch, Unsplit, split_at

PIECES = ["a", "Zoë", ",", '"', '""', "\n", "\r\n", "\r", " ", "", '"two\nlines"', "\n\n", "\ufeff"]


def rows_in(path: Path, form: TextFormat, stretch: Stretch) -> list[tuple[int, list[str]]]:
    found = blocks(path, form, 3, stretch)
    return [one for first, some in found for one in enumerate(some, first)]


@given(
    text=st.lists(st.sampled_from(PIECES), min_size=1, max_size=60).map("".join),
    place=st.integers(0, 80),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_stretches_are_the_whole_wherever_a_row_ends(
    tmp_path: Path, text: str, place: int, encoding: str
) -> None:
    path, written = tmp_path / "list.csv", text.encode(encoding, "replace")
    form = TextFormat(encoding, ",", len(written))
    path.write_bytes(written)
    cut = split_at(path, place)
    if not cut:
        return
    whole = rows_in(path, form, WHOLE)
    try:
        first = rows_in(path, form, Stretch(0, cut))
    except Unsplit:
        assert any("\n" in cell or "\r" in cell for _, row in whole for cell in row)
        return
    assert first + rows_in(path, form, Stretch(cut, 0, len(first))) == whole


def test_a_file_is_cut_where_a_line_starts(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Email\na@example.org\nb@example.org\n")
    assert [split_at(path, place) for place in (0, 6, 19, 20, 33)] == [6, 20, 20, 0, 0]


def test_a_row_that_goes_on_beyond_the_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b'Email,Note\na@example.org,"one\ntwo"\nb@example.org,\n')
    cut = split_at(path, 12)
    with pytest.raises(Unsplit):
        rows_in(path, TextFormat("utf-8", ",", 60), Stretch(0, cut))
