"""Every quarter of an hour: remind approvers of questions that still wait."""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import DAG, task

from outreach.airflow_bridge import (
    LondonTimetable,
    airflow_address,
    stopping_at_faults,
    workspace_in_airflow,
)

LOG = logging.getLogger(__name__)


@task(retries=1, retry_delay=timedelta(seconds=30))
@stopping_at_faults
def remind() -> None:
    """Email whoever may answer a question that waits, halfway and before its deadline."""
    from outreach.flows import side_messages

    for line in side_messages.remind(workspace_in_airflow(), site=airflow_address()):
        LOG.info("%s", line)


with DAG(
    dag_id="reminders",
    dag_display_name="Reminders",
    description="Remind approvers of questions that still wait",
    doc_md="""
# Reminders

Every quarter of an hour. Where a question to approvers still waits, they and their deputies get
an email when half of the time to answer is over, and once more before its end; each of them once.
`reminders` in `hub.yaml` says when. Who could not be reached is listed on the edition's page.
""",
    schedule=LondonTimetable("*/15 * * * *", late_after_hours=0.25),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["upkeep"],
    default_args={"owner": "comms"},
) as dag:
    remind()
