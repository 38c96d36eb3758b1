"""Once a day: end what lapsed, settle what can be, let go of what is too old to keep."""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import DAG, task

from outreach import dagdocs
from outreach.airflow_bridge import LondonTimetable, stopping_at_faults, workspace_in_airflow

LOG = logging.getLogger(__name__)


@task(retries=2, retry_delay=timedelta(minutes=5))
@stopping_at_faults
def settle_doubts() -> None:
    """Settle every open edition, and say what is still in doubt."""
    from outreach.flows import editions

    ws = workspace_in_airflow()
    for name in editions.open_editions(ws):
        account = editions.settle(ws, name)
        LOG.log(
            logging.WARNING if account.unknown else logging.INFO,
            "%s: %s",
            name,
            dagdocs.counts(account),
        )


@task(retries=2, retry_delay=timedelta(minutes=5))
@stopping_at_faults
def close_lapsed() -> None:
    """End the editions that nobody answered in time, or that are too late to begin."""
    from outreach.flows import lapsing

    for line in lapsing.close_lapsed(workspace_in_airflow(), via="upkeep"):
        LOG.warning("%s", line)


@task(retries=2, retry_delay=timedelta(minutes=5))
@stopping_at_faults
def let_go() -> None:
    """Say what is older than the retention rules; let it go where a person confirmed them."""
    from outreach.flows import retention

    ws = workspace_in_airflow()
    for dry_run in (True, False) if retention.confirmed(ws) else (True,):
        done = retention.apply_retention(ws, dry_run=dry_run, by="upkeep", via="upkeep")
        for rule, number in done.counts.items():
            LOG.info("%s: %s %s", rule, number, "would go" if dry_run else "gone")
    if not retention.confirmed(ws):
        LOG.warning("nobody confirmed the retention rules; nothing goes: outreach retention")


with DAG(
    dag_id="upkeep",
    dag_display_name="Upkeep",
    description="End what lapsed, settle doubts, let go of what is too old to keep",
    doc_md="""
# Upkeep

Every night: editions that nobody answered in time, or that are too late to begin, are ended, in
case their runs did not come to it. Claims of senders that died are put in doubt, and the
certificate of every open edition is counted again. A doubt is never sent again by itself; the
overview under **Outreach** lists each one for a person to settle. Last, what is older than the
retention rules of `hub.yaml` goes, once a person has confirmed those rules: under **Outreach**,
**Contacts**, **How long things are kept**, or with `outreach retention --apply`. Until then it
is only counted.
""",
    schedule=LondonTimetable("0 3 * * *", late_after_hours=12),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["upkeep"],
    default_args={"owner": "data"},
) as dag:
    close_lapsed() >> settle_doubts() >> let_go()
