"""Pause, resume or cancel an edition, hold a campaign, or stop all sending, from a form."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param, get_current_context, task

from outreach import dagdocs
from outreach.airflow_bridge import stopping_at_faults, workspace_in_airflow
from outreach.settings import load_settings
from outreach.steeringwords import ORDERS

LOG = logging.getLogger(__name__)


@task(retries=2, retry_delay=timedelta(seconds=2), priority_weight=1000)
@stopping_at_faults
def order() -> dict[str, dict[str, int]]:
    """Carry the order out; returns the account of each edition that it touches."""
    from outreach.flows import steering

    context = get_current_context()
    by = context["dag_run"].triggering_user_name or "airflow"
    form = {name: str(context["params"].get(name) or "") for name in FORM}
    done = steering.steer(workspace_in_airflow(), steering.Order(**form), by=by, via="airflow")
    LOG.info("%s, by %s. Senders follow within seconds", done.message, by)
    counts = {account.edition: dagdocs.counts(account) for account in done.accounts}
    for edition, figures in counts.items():
        LOG.info("%s: %s", edition, figures)
    return counts


def campaign_slugs() -> list[str]:
    """Return the names of the campaign files; reading them is left to whoever needs them."""
    found = [path for folder in load_settings().campaigns for path in _files(folder)]
    return sorted({path.stem for path in found if path.stem.lower() != "readme"})


def _files(place: Path) -> list[Path]:
    return list(place.glob("[!._]*.md")) if place.is_dir() else [place]


FORM = {
    "kind": Param(
        None,
        type=["null", "string"],
        title="What to do",
        enum=[None, *ORDERS],
        values_display={str(kind): words for kind, words in ORDERS.items()},
    ),
    "edition": Param(
        None,
        type=["null", "string"],
        title="Edition",
        description=(
            "To pause, resume or cancel: campaign@occurrence, as it stands under Outreach, "
            "Editions. For example what-is-wres@2026-11-24."
        ),
    ),
    "campaign": Param(
        None,
        type=["null", "string"],
        title="Campaign",
        enum=[None, *campaign_slugs()],
        description="To hold or release a campaign.",
    ),
    "reason": Param(
        None,
        type=["null", "string"],
        title="Reason",
        description="Needed to pause, cancel, hold and stop. Kept in the history; name no reader.",
    ),
}


with DAG(
    dag_id="control",
    dag_display_name="Control sending",
    description="Pause, resume or cancel an edition, hold a campaign, stop all sending",
    doc_md="""
# Control sending

Choose **Trigger** and fill in the form. Senders follow within seconds; what is in a request at
that moment still goes. The log of the task `order` shows the account: how many have it, how many
are left.

| What to do | What follows |
|---|---|
| Pause an edition | Nobody further gets it until it is resumed. Nobody is lost |
| Resume an edition | It goes on where it stopped |
| Cancel what is left of an edition | Whoever has not got it never will. It cannot be undone |
| Hold a campaign | None of its editions is sent until it is released |
| Stop all sending | No edition of any campaign is sent, until you let all sending go on |

Pausing a campaign's DAG in Airflow is not the same: it stops no email that is under way.
""",
    schedule=None,
    catchup=False,
    max_active_runs=16,
    is_paused_upon_creation=False,
    allowed_run_types=["manual"],
    params=FORM,
    tags=["control"],
    default_args={"owner": "comms"},
) as dag:
    order()
