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
from outreach.pullwords import LET_PASS
from outreach.settings import load_settings
from outreach.sources.sourcesfile import source_names

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
            f"{len(pulled['refused'])} of the sources brought something that was refused or "
            "broke off; everything else was imported. Imports under Outreach says why, and what "
            f"to do: {', '.join(pulled['refused'])}"
        )


def _allow(guard: str, description: str) -> Param:
    title = LET_PASS[guard]
    return Param(False, type="boolean", title=title, description=description, section=FOR_ONCE)


FOR_ONCE = "Only if a file was stopped, and you know that it is right"
FORM = {
    "source": Param(
        None,
        type=["null", "string"],
        title="Pull only this source",
        description="A name from contacts/sources.yaml. Leave it empty to pull all of them.",
        examples=list(source_names(load_settings().root / "contacts" / "sources.yaml")),
    ),
    "allow_shrink": _allow(
        "shrink",
        "The import said “it looks cut short”. Holds for this run alone.",
    ),
    "allow_lost_column": _allow(
        "lost-column",
        "The import said that a column “is missing”. Holds for this run alone.",
    ),
    "allow_stale": _allow("stale", "The import said “it looks stale”. Holds for this run alone."),
}


with DAG(
    dag_id="contacts",
    dag_display_name="Contacts and pledges",
    description="Pull the sources named in contacts/sources.yaml",
    doc_md="""
# Contacts and pledges

Pulls every source in `contacts/sources.yaml`, and the files in `contacts/inbox`. A bad row is
set aside with its reason and never stops the rest. A bad file is refused whole and changes
nothing; the others are imported all the same, and the step **report** then fails so that you see
it. The same file again changes nothing.

| You want to | Do this |
|---|---|
| pull now | **Trigger**, and leave the form as it is |
| pull one source only | **Trigger**, and choose its name |
| see what was refused or set aside, and mend it | **Outreach**, **Imports** |
| take a file although it was stopped | **Trigger**, its source, and what the import said |

New pledges start the campaigns that answer them, such as the thank-you. New contacts and new
resources are announced too, each once.
""",
    schedule=LondonTimetable(dagdocs.PULL_TIMES, days_off="skip", late_after_hours=1),
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
