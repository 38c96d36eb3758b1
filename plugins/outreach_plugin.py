"""The Airflow plugin: Outreach's staff pages, their place in the navigation, the timetable."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from outreach.airflow_bridge import STAFF_PREFIX, LondonTimetable, StaffPages


class OutreachPlugin(AirflowPlugin):
    """What Outreach adds to Airflow."""

    name = "outreach"
    timetables: list[Any] = [LondonTimetable]
    fastapi_apps: list[Any] = [
        {"app": StaffPages(), "url_prefix": STAFF_PREFIX, "name": "Outreach staff pages"}
    ]
    external_views: list[Any] = [
        {
            "name": "Outreach",
            "href": f"{STAFF_PREFIX}/",
            "destination": "nav",
            "url_route": "outreach",
            "nav_top_level": True,
        }
    ]
