"""Outreach's own Airflow tasks: the question to an approver, a sender, and what it waits on."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import BaseNotifier, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from outreach import dagdocs
from outreach.airflow_bridge import (
    airflow_address,
    stopping_at_faults,
    workspace_in_airflow,
)

if TYPE_CHECKING:
    import sqlalchemy as sa

    from outreach.flows.sendreport import SendReport

LOG = logging.getLogger(__name__)

LONGEST = timedelta(days=7)
"""How long a sender waits in all for an edition that may not go on; then its run fails."""

LOOK = 2.0
"""Seconds between two looks at what a person ordered."""

ANYWAY = timedelta(minutes=5)
"""A waiting sender tries again after this, whatever it saw."""

SOON = timedelta(seconds=30)
"""The same, where nobody ordered a halt: some batches wait for another try."""

CLOSED_LOOK = timedelta(minutes=15)
"""The same, where sending is closed for longer: hub.yaml may say otherwise by then."""


class ApproversNotifier(BaseNotifier):
    """Emails whoever may answer that a question waits, each once for each edition.

    Failing to tell never fails the question: it is in the log and on the edition's page.
    """

    def notify(self, context: Context) -> None:
        """Tell them, with links to the question and to the proofs."""
        from outreach.flows.side_messages import tell_approvers

        edition = _asked_about(context)
        try:
            report = tell_approvers(workspace_in_airflow(), edition, site=airflow_address())
        except Exception as error:  # whatever it is, the question stands
            LOG.warning("%s: approvers could not be told (%s)", edition, type(error).__name__)
            return
        for one in report.handed:
            LOG.log(logging.WARNING if one in report.failed else logging.INFO, "%s", one.words)


class Ask(ApprovalOperator):
    """The approver's question: put to approvers and their deputies, and never to an author.

    An answer that does not count is not taken: the question is put again. Who answered is kept,
    where the operator itself keeps nothing if the answer is Reject.
    """

    custom_operator_name = "ApprovalOperator"
    ANSWER = "answer"

    @classmethod
    def of(cls, approvers: tuple[str, ...], deadline: timedelta, **more: Any) -> Ask:
        """Return the question that appears under Required Actions."""
        return cls(
            task_id="approve",
            subject="{{ ti.xcom_pull(task_ids='check')['subject'] }}",
            body="{{ ti.xcom_pull(task_ids='check')['body'] }}",
            defaults=cls.REJECT,
            assigned_users=[{"id": user, "name": user} for user in approvers],
            response_timeout=deadline,
            notifiers=[ApproversNotifier()],
            **more,
        )

    def execute(self, context: Context) -> Any:
        """Ask whoever may answer now; fails where that is nobody."""
        edition, authors = _asked_about(context), context["ti"].xcom_pull(task_ids="check")
        left = _answerers(edition)
        if not left:
            raise AirflowFailException(
                f"nobody may approve this: {', '.join(authors['authors'])} wrote or triggered "
                "it, and no other approver is named. Name one in the campaign's file or in "
                "hub.yaml, then clear this task"
            )
        self.assigned_users = [{"id": user, "name": user} for user in left]
        self._keep_question(context, edition, datetime.now(UTC) + self._time())
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Keep the answer, then go on, or skip what follows; ask again where it does not count."""
        said = {name: event.get(name) for name in ("chosen_options", "responded_by_user")}
        why = _wasted(_asked_about(context), said)
        if why:
            LOG.warning("This answer does not count: %s. The question is put again", why)
            return self._ask_again(context)
        context["ti"].xcom_push(key=self.ANSWER, value=said)
        return super().execute_complete(context, event)

    def _ask_again(self, context: Context) -> Any:
        """Put the question again for the time that is left; its answer is cleared by that."""
        from outreach.flows.side_messages import question_of

        question = question_of(workspace_in_airflow(), _asked_about(context))
        if question is not None:
            left = question.answer_by - datetime.now(UTC)
            self.response_timeout = max(left, timedelta(seconds=1))
        return super().execute(context)

    def _time(self) -> timedelta:
        return self.response_timeout or dagdocs.MANUAL_DEADLINE

    @stopping_at_faults
    def _keep_question(self, context: Context, edition: str, until: datetime) -> None:
        from outreach.flows.side_messages import asked

        link = self.generate_link_to_ui(
            task_instance=context["task_instance"], base_url=airflow_address()
        )
        asked(workspace_in_airflow(), edition, answer_by=until, link=link)


def _asked_about(context: Context) -> str:
    return str(context["ti"].xcom_pull(task_ids="prepare"))


@stopping_at_faults
def _answerers(edition: str) -> tuple[str, ...]:
    from outreach.flows.deputies import who_may_answer

    return who_may_answer(workspace_in_airflow(), edition)


@stopping_at_faults
def _wasted(edition: str, answer: dict[str, Any]) -> str:
    from outreach.flows.decisions import wasted

    return wasted(workspace_in_airflow(), edition, answer)


class Wait(DateTimeSensorAsync):
    """Holds until the time to send; where that has come, without a turn in the triggerer."""

    def execute(self, context: Context) -> None:  # type: ignore[override]
        """Return at once, or hand over to a trigger."""
        if not self.poke(context):
            super().execute(context)


class Send(BaseOperator):
    """One sender: sends until nothing is planned.

    While the edition may not go on (paused, stopped, a ceiling), it holds no worker: a trigger
    looks at the ledger every few seconds, and wakes it as soon as a person orders otherwise.
    """

    template_fields = ("edition",)

    def __init__(self, *, edition: str, sender: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edition = edition
        self.sender = sender

    def execute(self, context: Context) -> None:
        """Send from the start, or where an earlier try stopped."""
        if context["ti"].try_number > 1:
            time.sleep(random.uniform(0, 5))  # noqa: S311 - else all senders come back at once
        self._send(datetime.now(UTC))

    def go_on(self, context: Context, event: dict[str, Any]) -> None:
        """Send on after waiting."""
        self._send(datetime.fromisoformat(event["since"]))

    @stopping_at_faults
    def _send(self, since: datetime) -> None:
        from outreach.flows import editions, waiting

        ws = workspace_in_airflow()
        if not editions.certificate(ws, self.edition).planned:
            LOG.info("Sender %s: nothing of %s is planned any more", self.sender, self.edition)
            return
        report = editions.send(ws, self.edition, progress=ProgressLines(self.sender))
        LOG.info("Sender %s: %s", self.sender, dagdocs.send_line(report))
        if report.finished or not editions.certificate(ws, self.edition).planned:
            return
        orders = waiting.orders(ws.engine, self.edition)
        LOG.warning("%s", dagdocs.halt_line(self.edition, report.why, halted=orders.halted))
        if report.wait_until is not None and not orders.halted:
            since = datetime.now(UTC)  # it has an end that everybody knows
        if datetime.now(UTC) - since > LONGEST:
            raise AirflowFailException(
                f"{self.edition} could not go on for {LONGEST.days} days: {report.why}. "
                "Resume or cancel it; to send on, clear this task"
            )
        self.defer(
            trigger=OrdersChange(
                edition=self.edition,
                orders=waiting.fingerprint(orders),
                since=since.isoformat(),
                seconds=_patience(report, halted=orders.halted).total_seconds(),
            ),
            method_name="go_on",
        )


def _patience(report: SendReport, *, halted: bool) -> timedelta:
    """How long to wait before looking again, whatever is seen until then."""
    if halted:
        return ANYWAY
    if report.wait_until is None:
        return SOON
    return min(max(report.wait_until - datetime.now(UTC), SOON), CLOSED_LOOK)


class ProgressLines:
    """Writes a sender's progress to the task's log, a line every few seconds."""

    EVERY = 5.0

    def __init__(self, sender: int) -> None:
        self._sender = sender
        self._began = self._last = time.monotonic()

    def __call__(self, report: SendReport) -> None:
        """Take one report; most are passed over."""
        now = time.monotonic()
        if now - self._last >= self.EVERY:
            self._last = now
            line = dagdocs.send_line(report, seconds=now - self._began)
            LOG.info("Sender %s: %s", self._sender, line)


class OrdersChange(BaseTrigger):
    """Fires as soon as what was ordered for an edition is no longer `orders`, or in `seconds`."""

    def __init__(self, *, edition: str, orders: str, since: str, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.edition = edition
        self.orders = orders
        self.since = since
        self.seconds = seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger again in the triggerer."""
        kwargs = {name: getattr(self, name) for name in ("edition", "orders", "since", "seconds")}
        return f"{__name__}.OrdersChange", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until something has changed; a ledger that is away is looked at again."""
        until = time.monotonic() + self.seconds
        while time.monotonic() < until and await asyncio.to_thread(self._unchanged):
            await asyncio.sleep(LOOK)
        yield TriggerEvent({"since": self.since})  # type: ignore[no-untyped-call]

    def _unchanged(self) -> bool:
        from outreach.flows import waiting
        from outreach.ledger.engine import DatabaseTrouble

        try:
            found = waiting.orders(_engine(), self.edition)
            return waiting.fingerprint(found) == self.orders
        except DatabaseTrouble:
            return True


@cache
def _engine() -> sa.Engine:
    """The ledger as the triggerer reads it, opened once: it needs no key and no connection."""
    from outreach.ledger.engine import open_engine
    from outreach.settings import load_settings

    return open_engine(load_settings().database_url)
