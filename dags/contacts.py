"""Pull the sources: pledges, contacts, organisations, suppressions, resources."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from outreach import dagdocs
from outreach.airflow_bridge import (
    LondonTimetable,
    asset,
    stopping_at_faults,
    workspace_in_airflow,
)

LOG = logging.getLogger(__name__)
RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(minutes=1)}
KINDS = ("pledges", "contacts", "resources")


@task(**RETRIES)
@stopping_at_faults
def pull() -> dict[str, Any]:
    """Import every source; one that is refused never holds up the others. Returns counts."""
    from outreach.airflow_reach import AirflowReach
    from outreach.flows import imports, telling

    context = get_current_context()
    by = context["dag_run"].triggering_user_name or "airflow"
    asked = dagdocs.pull_request(context["params"])
    ws = workspace_in_airflow()
    results = imports.pull_sources(
        ws,
        by=by,
        via="airflow",
        only=asked.pop("only"),
        reach=AirflowReach(),
        allowing=imports.Allowing(**asked),
        told=lambda line: LOG.info("Taking %s", line),
    )
    for result in results:
        LOG.info("%s", dagdocs.import_line(result))
    return dagdocs.import_counts(results, telling.to_announce(ws))


def announcing(kind: str) -> Any:
    """Return the task that tells campaigns of what is new of one kind, once."""

    @task(task_id=f"announce_{kind}", outlets=[asset(kind)], **RETRIES)
    def announce(pulled: dict[str, Any]) -> None:
        from outreach.flows import telling

        news = pulled["news"][kind]
        ws = workspace_in_airflow()
        if not news["new"] or telling.is_announced(ws, kind, news["watermark"]):
            raise AirflowSkipException(f"no {kind} that campaigns were not told of")
        get_current_context()["outlet_events"][asset(kind)].extra = news

    return announce


def noting(kind: str) -> Any:
    """Return the task that writes down what was told: Airflow has passed it on by then."""

    @task(task_id=f"note_{kind}", **RETRIES)
    def note(pulled: dict[str, Any]) -> None:
        from outreach.flows import telling

        telling.announced(workspace_in_airflow(), pulled["news"][kind]["watermark"], kind)

    return note


@task
def report(pulled: dict[str, Any]) -> None:
    """Fail where a person must look at a file, so that it is seen; all others are imported."""
    if pulled["refused"]:
        raise AirflowFailException(
            f"{len(pulled['refused'])} of the sources were refused; everything else was "
            f"imported. See Imports under Outreach: {', '.join(pulled['refused'])}"
        )


def _allow(title: str, description: str) -> Param:
    return Param(False, type="boolean", title=title, description=description, section="For once")


FORM = {
    "source": Param(
        None,
        type=["null", "string"],
        title="Source",
        description="The name of one source in contacts/sources.yaml; empty: all of them.",
    ),
    "allow_shrink": _allow("Take files that shrank", "Far fewer rows than the last one had."),
    "allow_lost_column": _allow("Take files that lost a column", "One that the last one had."),
    "allow_stale": _allow("Take stale files", "Changed longer ago than the source allows."),
}


with DAG(
    dag_id="contacts",
    dag_display_name="Contacts and pledges",
    description="Pull the sources named in contacts/sources.yaml",
    doc_md="""
# Contacts and pledges

Pulls every source in `contacts/sources.yaml`, and the files in `contacts/inbox`. A bad row is
kept aside with its reason and never stops the rest; a bad file is refused whole, and this run
then fails so that you see it. The same file again changes nothing.

To pull one source only, or to let a file pass that was stopped because it shrank, lost a column
or is stale, choose **Trigger** and fill in the form.

New pledges start the campaigns that answer them, such as the thank-you. New contacts and new
resources are announced too, each once.
""",
    schedule=LondonTimetable(dagdocs.PULL_TIMES, working_days_only=True, late_after_hours=1),
    catchup=False,
    max_active_runs=1,
    params=FORM,
    tags=["contacts"],
    default_args={"owner": "data"},
) as dag:
    counts = pull()
    for kind in KINDS:
        announcing(kind)(counts) >> noting(kind)(counts)
    report(counts)
