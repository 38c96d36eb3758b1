"""Charts as inline SVG, drawn in this process: no browser, no script, nothing fetched.

Each stands beside a table with the same numbers, which is its text alternative.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from outreach.reports.engagement import Engagement, EngagementDay

_INK = "#212b32"
_FONT = "Arial, sans-serif"
_COLOURS = {"Delivered": "#005eb8", "Opened": "#00703c", "Clicked": "#b35900"}
_PADDING = {"left": 32, "right": 16, "top": 4, "bottom": 4}
"""Room for a reader's font that is wider than the one measured here."""
_MOST_EDITIONS = 10


def editions_chart(rows: Sequence[Engagement]) -> Markup:
    """Return bars: of those reached by each edition, the share who opened and who clicked.

    Empty where nothing has been delivered.
    """
    values = tuple(
        (_label(row), what, people / row.delivered)
        for row in rows[:_MOST_EDITIONS]
        if row.delivered
        for what, people in (("Opened", row.opened), ("Clicked", row.clicked))
    )
    return _bars(values) if values else Markup()


def days_chart(rows: Sequence[EngagementDay]) -> Markup:
    """Return lines: how many people each day brought. Empty where nothing happened."""
    values = tuple(
        (row.day.isoformat(), what, people)
        for row in rows
        for what, people in (
            ("Delivered", row.delivered),
            ("Opened", row.opened),
            ("Clicked", row.clicked),
        )
    )
    return _lines(values) if any(people for _, _, people in values) else Markup()


def _label(row: Engagement) -> str:
    return f"{row.edition} (simulated)" if row.simulated else row.edition


@lru_cache(maxsize=8)
def _bars(values: tuple[tuple[str, str, float], ...]) -> Markup:
    import altair as alt  # half a second, and only this page needs it

    data = [{"edition": name, "what": what, "share": share} for name, what, share in values]
    chart = (
        alt.Chart({"values": data})
        .mark_bar()
        .encode(
            y=alt.Y("edition:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
            yOffset=alt.YOffset("what:N", sort=["Opened", "Clicked"]),
            x=alt.X(
                "share:Q", title="Share of those reached", axis=alt.Axis(format="%", tickCount=5)
            ),
            color=_colour(alt, "Opened", "Clicked"),
        )
        .properties(width=420, height=alt.Step(18))
    )
    return _svg(chart)


@lru_cache(maxsize=8)
def _lines(values: tuple[tuple[str, str, int], ...]) -> Markup:
    import altair as alt

    data = [{"day": day, "what": what, "people": people} for day, what, people in values]
    names = ("Delivered", "Opened", "Clicked")
    most = max(4, *(people for _, _, people in values))  # fewer would ask for half people
    dashes = alt.Scale(domain=list(names), range=[[1, 0], [6, 3], [2, 2]])
    chart = (
        alt.Chart({"values": data})
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("utcyearmonthdate(day):T", title=None, axis=alt.Axis(format="%-d %b")),
            y=alt.Y(
                "people:Q",
                title="People",
                axis=alt.Axis(format=",d", tickMinStep=1),
                scale=alt.Scale(domain=[0, most]),
            ),
            color=_colour(alt, *names),
            strokeDash=alt.StrokeDash("what:N", title=None, scale=dashes, legend=None),
        )
        .properties(width=600, height=220)
    )
    return _svg(chart)


def _colour(alt: Any, *names: str) -> Any:
    scale = alt.Scale(domain=list(names), range=[_COLOURS[name] for name in names])
    return alt.Color("what:N", title=None, scale=scale, legend=alt.Legend(orient="top"))


def _svg(chart: Any) -> Markup:
    import vl_convert

    drawn = chart.configure(font=_FONT, background="#ffffff", padding=_PADDING).configure_axis(
        labelFontSize=13, titleFontSize=13, labelColor=_INK, titleColor=_INK
    )
    svg: str = vl_convert.vegalite_to_svg(
        drawn.configure_legend(labelFontSize=13, labelColor=_INK).to_json(), allowed_base_urls=[]
    )
    # Text in the picture came through an XML writer, which escaped it. The picture as a whole
    # is hidden from screen readers: the table beside it says the same.
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704
