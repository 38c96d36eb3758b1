"""Every five minutes: send what a person ordered to be sent again."""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from outreach import dagdocs
from outreach.airflow_bridge import LondonTimetable, stopping_at_faults, workspace_in_airflow
from outreach.airflow_tasks import ProgressLines
from outreach.errors import OutreachError

LOG = logging.getLogger(__name__)


@task(retries=2, retry_delay=timedelta(seconds=30), pool=dagdocs.SENDERS_POOL)
@stopping_at_faults
def send_again() -> None:
    """Send every resend that a person ordered; one that is held never holds up the others."""
    from outreach.flows import editions, resending

    ws = workspace_in_airflow()
    refused = []
    for name in resending.ordered(ws):
        try:
            report = editions.send(ws, name, progress=ProgressLines(1))
        except OutreachError as error:
            refused.append(f"{name}: {error}")
            continue
        LOG.info("%s: %s", name, dagdocs.send_line(report))
        LOG.info("%s: %s", name, dagdocs.counts(editions.settle(ws, name)))
    if refused:
        raise AirflowFailException("; ".join(refused))


with DAG(
    dag_id="resends",
    dag_display_name="Resends",
    description="Send what a person ordered to be sent again",
    doc_md="""
# Resends

Every five minutes. Where a person ordered some deliveries of an edition to be sent again, they
stand as a small edition of its own, approved with the first; this sends it. Nothing is ever sent
again that nobody ordered. A paused or stopped one waits, and holds up no other.
""",
    schedule=LondonTimetable("*/5 * * * *", late_after_hours=0.05),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["resends"],
    default_args={"owner": "data"},
) as dag:
    send_again()
