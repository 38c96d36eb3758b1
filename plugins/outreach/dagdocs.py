"""What Airflow shows about a campaign: its page in words, its trigger form, its run's name.

Pure: the DAG file turns these into Airflow's objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from outreach.campaigns import Campaign
from outreach.clock import LONDON, parse_when
from outreach.domain import EditionState, Following, Purpose
from outreach.errors import InputError
from outreach.hub import Hub
from outreach.loglines import for_log
from outreach.scheduling.timetable import Timetable
from outreach.segments import ANYTHING, EVERYONE, Segment, Vocabulary, parse

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


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for on the trigger form."""

    occurrence: str
    send_at: datetime | None
    narrow: Segment | None
    dry_run: bool
    overdue: bool = False
    reach: bool = False
    test_recipients: tuple[str, ...] = ()
    follows: Following | None = None

    def wanted(self, began: datetime) -> str:
        """Return the occurrence asked for, '' where the run's own cause names it."""
        if self.overdue and not self.occurrence:
            return f"{began.astimezone(LONDON):%Y-%m-%d}-overdue"
        return self.occurrence


def dag_id(slug: str) -> str:
    """Return the DAG id of the campaign called `slug`."""
    return f"campaign_{slug.replace('-', '_')}"


def describe(campaign: Campaign, hub: Hub) -> str:
    """Return the campaign's page in Airflow, in Markdown."""
    whom = campaign.segment.described().replace("|", "\\|")
    return f"""
# {campaign.title}

| | |
|---|---|
| Purpose | {_PURPOSES[campaign.purpose]}: {campaign.basis_reason} |
| Who gets it | {whom} |
| When | {when(campaign)} |{_brings(campaign)}
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


def when(campaign: Campaign) -> str:
    """Return in words what starts the campaign."""
    if campaign.after is not None:
        return f"{campaign.after.words} after a pledge, at {campaign.at} on a working day"
    if campaign.slots is not None:
        return campaign.slots.in_words()
    if campaign.trigger == "new_pledges":
        return "as new pledges arrive"
    if campaign.trigger == "new_resources":
        return "as new resources arrive"
    return "when somebody triggers it"


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


def read_request(params: Mapping[str, Any], known: Vocabulary = ANYTHING) -> Request:
    """Return what the trigger form holds; values of a rule are judged by what is `known`.

    Raises InputError for a time or a rule that makes no sense, or for fields that do not go
    together.
    """
    narrow = Segment.of(
        sectors=tuple(params.get("sectors") or ()),
        ics_areas=tuple(params.get("ics_areas") or ()),
        boroughs=tuple(params.get("boroughs") or ()),
        rule=parse(params["only"], known) if (params.get("only") or "").strip() else EVERYONE,
    )
    follows = _follows(params, named=bool(params.get("occurrence")), narrow=narrow != Segment())
    return Request(
        occurrence=follows.occurrence if follows else params.get("occurrence") or "",
        send_at=parse_when(params["send_at"]) if params.get("send_at") else None,
        narrow=narrow if narrow != Segment() else None,
        dry_run=bool(params.get("dry_run")),
        overdue=bool(params.get("overdue")),
        reach=bool(params.get("reach_links")),
        test_recipients=tuple(params.get("test_recipients") or ()),
        follows=follows,
    )


def _follows(params: Mapping[str, Any], *, named: bool, narrow: bool) -> Following | None:
    edition, to = (params.get("follow_up") or "").strip(), params.get("follow_up_to")
    if not edition and not to:
        return None
    if not edition or to not in ("accepted", "failed"):
        raise InputError("a follow-up needs both: the edition to follow up, and to whom of it")
    if narrow:
        raise InputError("a follow-up goes to exactly those people: leave the narrowing empty")
    if named:
        raise InputError("a follow-up has its name from what it follows: leave the name empty")
    return Following(edition, "failed" if to == "failed" else "accepted")


def occurrence_of(
    wanted: str,
    timetable: str,
    slot: datetime | None,
    watermarks: Sequence[int],
    began: datetime,
    news: str = "pledges",
) -> str:
    """Return the occurrence a run stands for.

    `wanted` is what a person typed; `slot` is set for a run that the timetable started, and
    `watermarks` (numbers of rows) for one that new rows of `news` started; otherwise it is the
    London date of `began`, when the run was due. The same cause always gives the same name, so
    that a retry or a second run finds the same edition.
    """
    if wanted:
        return wanted
    if watermarks:
        return f"{news}-{max(watermarks)}"
    if slot and timetable:
        return Timetable(timetable).occurrence(slot)
    return f"{began.astimezone(LONDON):%Y-%m-%d}"


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
