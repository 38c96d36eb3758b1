"""Take in what happened after sending: drain events as a backstop, pull suppressions, count."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from outreach.airflow_bridge import LondonTimetable, stopping_at_faults, workspace_in_airflow

LOG = logging.getLogger(__name__)
RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=30)}


@task(**RETRIES)
@stopping_at_faults
def drain() -> None:
    """Turn raw events into facts, in case the drainer is not running."""
    from outreach.flows import events

    LOG.info("Drained: %s", events.drain(workspace_in_airflow()))


@task(**RETRIES)
@stopping_at_faults
def pull_suppressions() -> None:
    """Take over what SendGrid itself suppresses, where SendGrid is configured."""
    from outreach.flows import events

    ws = workspace_in_airflow()
    if not ws.settings.sendgrid_api_key:
        LOG.info("SendGrid is not configured: there is nothing to pull")
        return
    LOG.info("Pulled: %s", events.pull_suppressions(ws))


with DAG(
    dag_id="engagement",
    dag_display_name="Engagement",
    description="Take in delivery events and suppressions",
    doc_md="""
# Engagement

Events arrive by SendGrid's signed webhook and are taken in within seconds by the drainer
(`outreach events drain --follow`). This DAG is the backstop, every ten minutes: what a stopped
drainer left is taken in, and SendGrid's own suppression lists are pulled.
""",
    schedule=LondonTimetable("*/10 * * * *", late_after_hours=0.1),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["engagement"],
    default_args={"owner": "data"},
) as dag:
    drain() >> pull_suppressions()
