"""Dates as people write them mean what `strptime` says they mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.clock import LONDON
from outreach.sources.times import read_day
from outreach.sources.values import BadValue

DAYS = (
    *("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y"),
    "%d-%b-%y",
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", ", %H:%M", " at %H:%M", " %I:%M %p", " %I:%M:%S %p")
MOMENTS = st.integers(0, 3_090_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(MOMENTS, st.sampled_from(DAYS), st.sampled_from(CLOCKS), st.booleans())
def test_a_date_means_what_it_says(moment: datetime, day: str, clock: str, loud: bool) -> None:
    text = moment.strftime(day + clock)
    meant = datetime.strptime(text, day + clock)  # noqa: DTZ007 - London's, below
    found = read_day(text.upper() if loud else text, "date").astimezone(LONDON)
    assert found == meant.replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "31/02/2025",
            "14/13/2025",
            "0/1/2025",
            "32/1/2025",
            "14/03-2025",
            "14.03.25",
            "14-03-25",
        ),
        *("14 March 25", "14 Smarch 2025", "14/03", "14/03/202", "14/03/2025 24:00", "25", "="),
        *("14/03/2025 13:00 pm", "14/03/2025 0:10 am", "14/03/2025 10", "14/03/2025 10:61", ""),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is not a date"):
        read_day(text, "date")
