"""One DAG per campaign file: prepare, check, approve, wait, send, settle.

Wiring only. What happens in each step is in `outreach.flows`; only the edition's name, the
approver's question and counts pass between steps.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import (
    DAG,
    NEVER_EXPIRE,
    Context,
    Param,
    get_current_context,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from outreach import dagdocs, dagfaults, dagforms, dagrequests
from outreach.airflow_bridge import LondonTimetable, asset, stopping_at_faults, workspace_in_airflow
from outreach.airflow_tasks import Ask, Send, Wait
from outreach.campaigns import Campaign, load_library
from outreach.campaignwords import starts
from outreach.hub import Hub, load_hub
from outreach.segments import vocabulary_of
from outreach.settings import load_settings

LOG = logging.getLogger(__name__)
SENDERS = 2
OCCURRENCE = "occurrence"
RETRIES: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(seconds=10)}


def end_here(message: str) -> NoReturn:
    """End a run well, saying why: what would follow is skipped."""
    LOG.info("%s", message)
    raise AirflowSkipException(message)


def occurrence_of_run(
    context: Context, request: dagrequests.Request, timetable: str, slot: datetime | None, news: str
) -> str:
    """Return the occurrence that a run stands for, the same however often it is cleared.

    Kept beside the run: cleared next month, or after its timetable was edited, it would else
    name another edition, and everybody would be written to again.
    """
    kept = context["task_state_store"]
    if known := kept.get(OCCURRENCE):
        return str(known)
    events = [e for found in context["triggering_asset_events"].values() for e in found]
    watermarks = [int(e.extra["watermark"]) for e in events if "watermark" in e.extra]
    began = context["dag_run"].run_after
    found = dagrequests.occurrence_of(
        request.wanted(began), timetable, slot, watermarks, began, news
    )
    kept.set(OCCURRENCE, found, retention=NEVER_EXPIRE)
    return found


@task(**RETRIES)
@stopping_at_faults
def prepare(slug: str, timetable: str, news: str) -> str:
    """Freeze content and audience; a run for an occurrence that exists ends here."""
    from outreach.flows import editions, following, opening, previewing
    from outreach.flows.side_messages import send_test

    context = get_current_context()
    ws = workspace_in_airflow()
    known = vocabulary_of(ws.hub)
    run, request = context["dag_run"], dagrequests.read_request(context["params"], known)
    slot = run.logical_date if run.run_type == "scheduled" else None
    occurrence = occurrence_of_run(context, request, timetable, slot, news)
    if request.test_recipients:
        to, by = request.test_recipients, run.triggering_user_name or "airflow"
        sent = send_test(ws, slug, to=to, by=by, via="airflow", request=run.run_id)
        end_here(f"Test only, nothing was prepared.\n{sent.words}")
    if request.dry_run and request.follows:
        end_here(following.look(ws, request.follows, slug).message)
    if request.dry_run:
        asked = {"narrow": request.narrow, "overdue": request.overdue}
        preview = previewing.preview(ws, slug, occurrence, **asked)
        end_here(f"Dry run, nothing was kept. {preview.message}")
    if slot and (closed := opening.slot_is_closed(ws, slug, slot, occurrence)):
        end_here(closed)
    if request.follows:
        following.must_be_in_order(ws, request.follows, slug)
    prepared = editions.prepare(
        ws,
        slug,
        occurrence,
        by=run.triggering_user_name or f"airflow ({run.run_type.value})",
        via="airflow",
        send_at=request.send_at,
        narrow=request.narrow,
        due=slot,
        overdue=request.overdue,
        follows=request.follows,
    )
    LOG.info("%s", prepared.message)
    for reason, people in {**prepared.excluded, **prepared.suppressed}.items():
        LOG.info("Not written to, %s: %s", reason, people)
    # A retry, or a run that somebody cleared, carries on where its first try stopped.
    if not prepared.created and (not prepared.state or context["ti"].try_number == 1):
        end_here(prepared.message)
    if not prepared.planned and prepared.created:
        editions.cancel(ws, prepared.edition, by="airflow", via="airflow", reason=prepared.nobody)
        end_here(f"{prepared.edition}: {prepared.nobody}")
    return prepared.edition


@task(**RETRIES)
@stopping_at_faults
def check(edition: str) -> dict[str, Any]:
    """Judge every variant; return what an approver is asked, if one must be."""
    from outreach.flows import editions

    ws = workspace_in_airflow()
    reach = dagrequests.read_request(get_current_context()["params"]).reach
    faults = editions.check(ws, edition, reach=reach)
    for fault in faults:
        LOG.log(logging.ERROR if fault.blocking else logging.WARNING, "%s", fault)
    blocking = [str(fault) for fault in faults if fault.blocking]
    if blocking:
        raise AirflowFailException(f"{edition} cannot be sent: " + "; ".join(blocking))
    return dagdocs.question(editions.approval_request(ws, edition))


@task.branch
def gate(question: dict[str, Any]) -> str:
    """Ask a person, unless a standing approval covers this edition."""
    return "approve" if question["ask"] else "confirm"


@task(trigger_rule="none_failed_min_one_success", **RETRIES)
@stopping_at_faults
def confirm(edition: str, question: dict[str, Any]) -> str:
    """Write the decision down; refuse one by an author, or for content that has changed.

    Returns the time to send (ISO 8601, UTC).
    """
    from outreach.flows import decisions

    ws = workspace_in_airflow()
    # Fetched, not handed in: that would make this task the next one after the question, which
    # a rejection skips.
    answer = get_current_context()["ti"].xcom_pull(task_ids="approve", key=Ask.ANSWER)
    decided = decisions.decide(ws, edition, question["approval_hash"], answer)
    if not decided.approved:
        end_here(decided.message)
    LOG.info("%s", decided.message)
    return (decided.send_at or datetime.now(UTC)).isoformat()


@task(outlets=[asset("editions")], retries=20, retry_delay=timedelta(seconds=20))
@stopping_at_faults
def settle(edition: str) -> dict[str, int]:
    """Settle doubts, write the certificate, and tell once that the edition is done."""
    from outreach.flows import editions

    account = editions.settle(workspace_in_airflow(), edition)
    counts = dagdocs.counts(account)
    LOG.info("Certificate of %s: %s", edition, counts)
    if not account.balanced:
        raise AirflowFailException(f"the certificate of {edition} does not balance: {counts}")
    if left := dagdocs.unfinished(account):
        # Somebody marked `send` as done, or its process outlived its task.
        raise AirflowException(left) if account.claimed else AirflowFailException(left)
    event = get_current_context()["outlet_events"][asset("editions")]
    event.extra = {"edition": edition, **counts}
    return counts


def schedule_of(campaign: Campaign) -> Any:
    """Return what starts the campaign, as Airflow takes it."""
    if campaign.slots is not None:
        return LondonTimetable(
            campaign.slots.text,
            days_off=campaign.slots.days_off,
            late_after_hours=campaign.late_after_hours,
        )
    news = dagdocs.news_of(campaign)
    return [asset(news)] if news else None


def trigger_form(hub: Hub, campaign: Campaign) -> dict[str, Param]:
    """Return the fields that a comms officer sees under Trigger."""
    asked = dagforms.fields(hub, step=campaign.after is not None)
    return {name: Param(**field) for name, field in asked.items()}


def build(campaign: Campaign, hub: Hub, faults: Sequence[str] = ()) -> DAG:
    """Return the DAG of one campaign; `faults` in its file let nothing new be prepared."""
    with DAG(
        dag_id=dagdocs.dag_id(campaign.slug),
        dag_display_name=campaign.title,
        description=f"{campaign.title}: {starts(campaign)}",
        doc_md=dagfaults.faulty(campaign, faults) if faults else dagdocs.describe(campaign, hub),
        schedule=schedule_of(campaign),
        catchup=False,
        # An edition may wait days for its approver or its time: the next must not wait for it.
        max_active_runs=1 if dagdocs.news_of(campaign) else 8,
        # No backfill: nobody wants last year's emails.
        allowed_run_types=["manual", "scheduled", "asset_triggered"],
        params=trigger_form(hub, campaign),
        tags=["campaign", *dagdocs.tags(campaign, faults)],
        default_args={"owner": campaign.owner},
    ) as built:
        timetable = campaign.slots.text if campaign.slots else ""
        edition = prepare(campaign.slug, timetable, dagdocs.news_of(campaign))
        question = check(edition)
        approvers = campaign.approvers or hub.approvers
        asked = Ask.of(approvers, dagdocs.response_deadline(campaign), **RETRIES)
        send_at = confirm(edition, question)
        # On Reject the operator skips what follows it directly: `confirm` stands one further, so
        # that a rejection is written down too.
        answered = EmptyOperator(task_id="answered")
        gate(question) >> [asked, send_at]
        asked >> answered >> send_at
        wait = Wait(task_id="wait", target_time=send_at, **RETRIES)
        sent = Send.partial(
            task_id="send",
            edition=edition,
            pool=dagdocs.SENDERS_POOL,
            **RETRIES,
        ).expand(sender=list(range(1, SENDERS + 1)))
        wait >> sent >> settle(edition)
    return built


def build_all() -> dict[str, DAG]:
    """Build every campaign; in a task, only the one that is asked for.

    One whose file is broken keeps its DAG, without a schedule: what it is sending goes on.
    """
    settings = load_settings()
    hub = load_hub(settings.root / "hub.yaml")
    asked = get_parsing_context().dag_id
    library = load_library(
        settings.campaigns, hub, lambda slug: asked in (None, dagdocs.dag_id(slug))
    )
    built = {}
    for campaign, faults in dagfaults.runnable(library):
        for fault in faults:
            LOG.error("%s", fault)
        built.setdefault(dagdocs.dag_id(campaign.slug), build(campaign, hub, faults))
    return built


globals().update(build_all())
