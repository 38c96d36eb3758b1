"""Pull the sources: pledges, contacts, organisations, suppressions, resources."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from outreach import dagdocs
from outreach.airflow_bridge import (
    LondonTimetable,
    asset,
    stopping_at_faults,
    workspace_in_airflow,
)

LOG = logging.getLogger(__name__)
RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@task(**RETRIES)
@stopping_at_faults
def pull() -> dict[str, Any]:
    """Import every source; one that is refused never holds up the others. Returns counts."""
    from outreach.flows import imports

    context = get_current_context()
    by = context["dag_run"].triggering_user_name or "airflow"
    ws = workspace_in_airflow()
    results = imports.pull_sources(ws, by=by, via="airflow")
    for result in results:
        LOG.info("%s", dagdocs.import_line(result))
    return dagdocs.import_counts(results, imports.pledges_to_announce(ws))


@task.short_circuit(ignore_downstream_trigger_rules=False)
def new_pledges(pulled: dict[str, Any]) -> bool:
    """Go on only if pledges came that were not known."""
    return bool(pulled["new_pledges"])


@task.short_circuit(ignore_downstream_trigger_rules=False)
def changed_contacts(pulled: dict[str, Any]) -> bool:
    """Go on only if a contact is new or has changed."""
    return bool(pulled["changed"])


@task(outlets=[asset("pledges")])
def announce_pledges(pulled: dict[str, Any]) -> None:
    """Tell once that pledges came, which starts the campaigns that wait for them."""
    from outreach.flows import imports

    event = get_current_context()["outlet_events"][asset("pledges")]
    event.extra = {"new": pulled["new_pledges"], "watermark": pulled["pledges"]}
    # A second telling changes nothing: the edition is named by the watermark.
    imports.announced(workspace_in_airflow(), pulled["pledges"])


@task(outlets=[asset("contacts")])
def announce_contacts(pulled: dict[str, Any]) -> None:
    """Tell once that contacts changed."""
    event = get_current_context()["outlet_events"][asset("contacts")]
    event.extra = {"changed": pulled["changed"], "watermark": pulled["watermark"]}


@task
def report(pulled: dict[str, Any]) -> None:
    """Fail where a person must look at a file, so that it is seen; all others are imported."""
    if pulled["refused"]:
        raise AirflowFailException(
            f"{len(pulled['refused'])} of the sources were refused; everything else was "
            f"imported. See Imports under Outreach: {', '.join(pulled['refused'])}"
        )


with DAG(
    dag_id="contacts",
    dag_display_name="Contacts and pledges",
    description="Pull the sources named in contacts/sources.yaml",
    doc_md="""
# Contacts and pledges

Pulls every source in `contacts/sources.yaml`, and the files in `contacts/inbox`. A bad row is
kept aside with its reason and never stops the rest; a bad file is refused whole, and this run
then fails so that you see it. The same file again changes nothing.

New pledges start the campaigns that answer them, such as the thank-you.
""",
    schedule=LondonTimetable("15 7-18 * * *", working_days_only=True, late_after_hours=1),
    catchup=False,
    max_active_runs=1,
    tags=["contacts"],
    default_args={"owner": "data"},
) as dag:
    counts = pull()
    new_pledges(counts) >> announce_pledges(counts)
    changed_contacts(counts) >> announce_contacts(counts)
    report(counts)
