"""What Airflow shows about a campaign and its runs: its page in words, its question, its figures.

Pure: the DAG file turns these into Airflow's objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from outreach.campaigns import Campaign
from outreach.campaignwords import starts, whom
from outreach.domain import EditionState, Purpose
from outreach.hub import Hub
from outreach.loglines import for_log

if TYPE_CHECKING:
    from outreach.flows.editions import ApprovalRequest
    from outreach.flows.imports import ImportResult
    from outreach.flows.sendreport import SendReport
    from outreach.ledger.announcing import Unannounced
    from outreach.ledger.certificate import Certificate

SENDERS_POOL = "outreach_senders"
"""The pool that sending tasks run in; made when Airflow is set up."""

PULL_TIMES = "15 7-18 * * *"
"""When the sources are pulled, on working days."""

MANUAL_DEADLINE = timedelta(days=7)
"""How long an approver has where no timetable sets a time; then it is rejected."""

_PURPOSES = {
    Purpose.PUBLIC_TASK: "public task",
    Purpose.DIRECT_MARKETING: "direct marketing",
}


def dag_id(slug: str) -> str:
    """Return the DAG id of the campaign called `slug`."""
    return f"campaign_{slug.replace('-', '_')}"


def describe(campaign: Campaign, hub: Hub) -> str:
    """Return the campaign's page in Airflow, in Markdown."""
    return f"""
# {campaign.title}

| | |
|---|---|
| Purpose | {_PURPOSES[campaign.purpose]}: {campaign.basis_reason} |
| Who gets it | {_cell(whom(campaign))} |
| When | {starts(campaign)} |{_brings(campaign)}
| Approval | {_approval(campaign, hub)} |
| Owner | {campaign.owner} |
| File | `{campaign.file.name}` |

## What a run does
1. **prepare** freezes the content and the audience. The same occurrence again does nothing.
2. **check** judges every variant; a fault stops the run and says where it is.
3. **approve** asks an approver under Required Actions, unless a standing approval covers it.
4. **confirm** writes the decision down. An author's answer does not count.
5. **wait** holds until the time to send, if you gave one. Too late is refused, not sent.
6. **send** hands the emails over, never twice to the same person.
7. **settle** writes the certificate, which accounts for every person.

To stop or pause a send, use the edition's own page under **Outreach**: pausing this DAG does
not stop emails that are under way.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _brings(campaign: Campaign) -> str:
    digest = campaign.digest
    if digest is None:
        return ""
    return (
        f"\n| What it brings | {digest.min} to {digest.max} resources that are new to the reader, "
        f"of the last {digest.since_days} days; nobody gets one twice |"
    )


def news_of(campaign: Campaign) -> str:
    """Return the asset whose events start a campaign, '' where none does."""
    return {"new_pledges": "pledges", "new_resources": "resources"}.get(campaign.trigger, "")


def _approval(campaign: Campaign, hub: Hub) -> str:
    people = ", ".join(campaign.approvers or hub.approvers)
    if campaign.approval == "standing":
        return f"standing, once {people} has approved this content"
    hours = response_deadline(campaign) // timedelta(hours=1)
    return f"by {people}, within {hours} hours; otherwise it is rejected"


def tags(campaign: Campaign, faults: Sequence[str]) -> list[str]:
    """Return what a campaign's DAG can be filtered by."""
    return ["faulty file"] if faults else [_PURPOSES[campaign.purpose]]


def response_deadline(campaign: Campaign) -> timedelta:
    """Return how long an approver may take: what is due at a time is no use long after."""
    if campaign.slots is not None:
        return timedelta(hours=campaign.late_after_hours)
    return MANUAL_DEADLINE


def question(request: ApprovalRequest) -> dict[str, Any]:
    """Return what an approver is asked, and `ask`: whether one must be asked at all."""
    undecided = request.state == EditionState.PREPARED and not request.standing
    # The same page beside Airflow's navigation: /plugin/<route>, then the page's own address.
    body = request.body.replace("](/outreach/", "](/plugin/outreach/outreach/")
    return {
        "ask": undecided,
        "subject": request.subject,
        "body": body,
        "approval_hash": request.approval_hash,
        "authors": list(request.authors),
    }


def send_line(report: SendReport, seconds: float = 0.0) -> str:
    """Return what a sender has done as a line of a log; `seconds` adds its rate."""
    rate = f", {report.handed_over / seconds:,.0f} a second" if seconds else ""
    return (
        f"{report.handed_over:,} people handed over in {report.batches:,} batches{rate}; "
        f"{report.failed:,} refused, {report.in_doubt:,} in doubt. {report.why}"
    )


def halt_line(edition: str, why: str, *, halted: bool) -> str:
    """Return what a person must do, where anything, about an edition that does not go on."""
    if not halted:
        return f"{edition} waits: {why}. It goes on by itself"
    return (
        f"{edition} STANDS STILL: {why}. Mend what that says, then resume it: on its page under "
        "Outreach, with the DAG “Control sending”, or `outreach resume`. It then goes on within "
        "seconds"
    )


def unfinished(account: Certificate) -> str:
    """Return why an edition cannot be settled for good yet, or ''."""
    if account.claimed:
        return f"{account.claimed} people of {account.edition} are being handed over at this moment"
    if account.planned:
        return (
            f"{account.planned} people of {account.edition} are still planned, although its "
            "senders ended: clear the task send to go on, or cancel the edition. Nobody is lost"
        )
    return ""


def counts(account: Certificate) -> dict[str, int]:
    """Return a certificate's figures: they add up to `intended`."""
    return {
        "intended": account.intended,
        "accepted": account.accepted,
        "failed": account.failed,
        "suppressed": account.suppressed,
        "cancelled": account.cancelled,
        "unknown": account.unknown,
        "planned": account.planned + account.claimed,
    }


def import_line(result: ImportResult) -> str:
    """Return one import as a line of a log."""
    state = "" if result.state in ("refused", "failed") else f"{result.state}. "
    return for_log(f"{result.source}: {state}{result.message}")


def import_counts(
    results: Sequence[ImportResult], news: Mapping[str, Unannounced]
) -> dict[str, Any]:
    """Return what later steps need of an import: counts, and the names of refused sources.

    `news`: kind -> how many `new` rows no campaign was told of yet, and the `watermark`, the
    newest one's number. `changed` counts the rows that told anything new of someone.
    """
    # Not the file's name, which follows a drop folder's: it may name a person.
    refused = {r.source.partition("/")[0] for r in results if r.state in ("refused", "failed")}
    return {
        "new_pledges": news["pledges"].number,
        "changed": sum(result.created + result.changed for result in results),
        "news": {kind: {"new": n.number, "watermark": n.watermark} for kind, n in news.items()},
        "refused": sorted(refused),
    }


def pull_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trigger form of the pull holds."""
    return {
        "only": str(params.get("source") or ""),
        **{name: bool(params.get(f"allow_{name}")) for name in ("shrink", "lost_column", "stale")},
    }
