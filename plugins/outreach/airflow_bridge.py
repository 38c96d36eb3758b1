"""The one module of the package that knows Airflow: connections, log-in, timetable, assets.

Airflow is imported where it is needed, so that a DAG file loads fast and this module can be
read by any component (API server, scheduler, DAG processor, task).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from outreach.connections import base_url, smtp_url
from outreach.errors import ConfigError, InputError, NotFound, Refused
from outreach.scheduling.timetable import DaysOff
from outreach.scheduling.timetable import Timetable as Slots
from outreach.settings import Settings, load_settings

if TYPE_CHECKING:
    from outreach.web.staff.app import Guards
    from outreach.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")

STAFF_PREFIX = "/outreach"
"""Where the staff pages stand under Airflow's own address."""

ACCESS_DAG = "contacts"
"""Who may read and trigger this DAG may read and act on the staff pages."""


# ---- settings and workspace


@cache
def workspace_in_airflow() -> Workspace:
    """Open the deployment once per process, Airflow's connections winning over the environment."""
    from outreach.workspace import open_workspace

    return open_workspace(settings_in_airflow())


def settings_in_airflow() -> Settings:
    """Return the settings, with `sendgrid_default` and `smtp_default` where they are defined."""
    settings = load_settings()
    for name, fields in (("sendgrid_default", _sendgrid), ("smtp_default", _smtp)):
        connection = connection_in_airflow(name)
        if connection is not None:
            settings = settings.with_connections(fields(connection), f"connection {name}")
    return settings


def connection_in_airflow(name: str) -> Any | None:
    """Return Airflow's connection `name`; None where there is none."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def _sendgrid(connection: Any) -> dict[str, str]:
    port = str(connection.port or "")
    return {
        "sendgrid_api_key": connection.password or "",
        "sendgrid_base_url": base_url(connection.host or "", port, connection.schema or ""),
    }


def _smtp(connection: Any) -> dict[str, str]:
    return smtp_url(
        connection.host or "",
        str(connection.port or ""),
        connection.login or "",
        connection.password or "",
        connection.extra_dejson,
    )


def stopping_at_faults(step: Callable[P, R]) -> Callable[P, R]:
    """Fail a task at once, without retries, where only a person can mend what is wrong."""

    @wraps(step)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        from airflow.sdk.exceptions import AirflowFailException

        try:
            return step(*args, **kwargs)
        except (InputError, ConfigError, NotFound, Refused) as error:
            raise AirflowFailException(str(error)) from None

    return guarded


def airflow_address() -> str:
    """Return where people open Airflow (`[api] base_url`), for links in emails to colleagues."""
    from airflow.sdk import conf

    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080")


# ---- staff pages behind Airflow's log-in


def staff_guards() -> Guards:
    """Return the FastAPI dependencies that put Airflow's log-in and roles before the pages."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
    from fastapi import Depends, Request

    from outreach.web.staff.app import Guards

    may_read = requires_access_dag(method="GET", param_dag_id=ACCESS_DAG)
    may_act = requires_access_dag(
        method="POST", access_entity=DagAccessEntity.RUN, param_dag_id=ACCESS_DAG
    )

    someone, allowed = Depends(get_user), Depends(may_read)

    def read(request: Any, user: Any = someone, _: Any = allowed) -> None:
        request.state.outreach_user = str(user.get_id())
        request.state.outreach_may_act = _lets_in(may_act, request, user)

    read.__annotations__["request"] = Request  # a name FastAPI could not find in this module
    return Guards(read=read, act=may_act, who=_who, may=_may)


def _lets_in(guard: Callable[[Any, Any], None], request: Any, user: Any) -> bool:
    from fastapi import HTTPException

    try:
        guard(request, user)
    except HTTPException:
        return False
    return True


def _may(request: Any) -> bool:
    return bool(request.state.outreach_may_act)


def _who(request: Any) -> str:
    return str(request.state.outreach_user)


class StaffPages:
    """The staff pages as an ASGI app, built at the first request.

    Airflow loads plugins in every component; only the API server needs the pages.
    """

    def __init__(self, build: Callable[[], Any] | None = None) -> None:
        self._build = build or _build_staff_app
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)


def _build_staff_app() -> Any:
    from outreach.web.staff.app import create_staff_app

    return create_staff_app(workspace_in_airflow, staff_guards(), warnings=_warnings)


def _warnings() -> tuple[str, ...]:
    return _warnings_in_minute(int(time.monotonic() // 60))


@lru_cache(maxsize=1)
def _warnings_in_minute(_minute: int) -> tuple[str, ...]:
    """What a person must mend, looked at once a minute at most."""
    from outreach.flows import doctor

    return doctor.to_mend(settings_in_airflow())


# ---- timetable


class LondonTimetable(Timetable):
    """Runs at exact London times, written as cron, in words or as dates; never a slot gone stale.

    `days_off` says what becomes of slots on days off: send, skip or move (to a working day).
    `late_after_hours`: a slot that many hours old is passed over, so that switching a campaign
    on (or starting Airflow after an outage) does not set off what was due long before. A
    campaign that has never run starts with slots from now on.
    """

    FIRST_GRACE = timedelta(minutes=10)
    """A DAG file is read again every half minute: a slot just begun must survive that."""

    def __init__(
        self, timetable: str, *, days_off: str = "send", late_after_hours: float = 4
    ) -> None:
        self.slots = Slots(timetable, DaysOff(days_off))
        self.late_after_hours = late_after_hours
        self.description = self.slots.in_words()

    @property
    def summary(self) -> str:
        """What Airflow shows in its lists."""
        return self.description

    def serialize(self) -> dict[str, Any]:
        """Return what `deserialize` needs, as JSON."""
        return {
            "timetable": self.slots.text,
            "days_off": self.slots.days_off.value,
            "late_after_hours": self.late_after_hours,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """Build the timetable again from `serialize`'s answer, or from an earlier version's."""
        days_off = "skip" if data.get("working_days_only") else "send"
        return cls(
            data.get("timetable") or data["cron"],
            days_off=data.get("days_off", days_off),
            late_after_hours=data["late_after_hours"],
        )

    def infer_manual_data_interval(self, *, run_after: Any) -> DataInterval:
        """A run that a person starts stands for the moment it was started."""
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self,
        *,
        last_automated_data_interval: DataInterval | None,
        restriction: TimeRestriction,
    ) -> DagRunInfo | None:
        """Return the next slot; None where the DAG ends before it, or no date is left."""
        now = datetime.now(UTC)
        grace = timedelta(hours=self.late_after_hours)
        if last_automated_data_interval is None:
            after = now - min(grace, self.FIRST_GRACE)
        elif restriction.catchup:
            after = last_automated_data_interval.end
        else:
            after = max(last_automated_data_interval.end, now - grace)
        if restriction.earliest is not None:
            after = max(after, restriction.earliest - timedelta(microseconds=1))
        slot = self.slots.next_slot(after)
        if slot is None or (restriction.latest is not None and slot > restriction.latest):
            return None
        return DagRunInfo.exact(_pendulum(slot))


def _pendulum(moment: datetime) -> Any:
    import pendulum

    return pendulum.instance(moment)


# ---- assets


@cache
def asset(name: str) -> Any:
    """Return Outreach's asset `name`: contacts, pledges, resources, editions (`outreach://<name>`)."""
    from airflow.sdk import Asset

    return Asset(name=f"outreach_{name}", uri=f"outreach://{name}", group="outreach")
