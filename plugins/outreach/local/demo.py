"""`make demo`: from pledges to a balanced certificate on real Airflow, unattended.

Nothing leaves this machine: emails go to the outbox as files, and what happens to them
afterwards is made up, marked as simulated everywhere. Run again, it finds everything done.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from outreach.engagement.rollup import engagement
from outreach.engagement.simulator import PrivateKey, make_key, simulate
from outreach.errors import OutreachError
from outreach.flows import editions
from outreach.local.environment import without_settings
from outreach.local.stack import Stack, StackFailed, running_stack
from outreach.reports.editions import editions as list_editions
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace

CONTACTS = "contacts"
THANK_YOU = "campaign_pledge_thank_you"
WHAT_IS_WRES = "campaign_what_is_wres"
OCCURRENCE = "demo"
PATIENCE = 240.0
READING = 2.0
"""How long lee takes to read a question, in seconds."""
_ENDED = ("success", "failed")


def main() -> int:
    """Run the demo; 0 only when every certificate balances and nobody is left over."""
    private, public = make_key()
    home = load_settings().home
    base = without_settings(os.environ) | {
        "OUTREACH_HOME": str(home),
        "OUTREACH_PROVIDER": "outbox",
        "OUTREACH_SENDGRID_WEBHOOK_KEYS": public,
    }
    _say("Starting Airflow on SQLite, the public app and the drainer")
    try:
        with running_stack(home, base=base, say=_say) as stack:
            demo = Demo(stack, open_workspace(load_settings(stack.environ)))
            balanced = demo.run(private)
            _say(_where(home))
        _say("Stopped everything that was started")
    except KeyboardInterrupt:
        _say("Interrupted; stopped everything that was started")
        return 130
    except (OutreachError, httpx.HTTPError) as error:
        print(f"The demo did not work: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0 if balanced else 1


@dataclass(frozen=True, slots=True)
class Run:
    """One DAG run that the demo follows."""

    dag: str
    id: str


@dataclass(frozen=True, slots=True)
class Known:
    """The runs that were there before the demo switched its DAGs on."""

    pulls: set[str]
    thanks: set[str]


@dataclass(slots=True)
class Demo:
    """The steps of the demo over a stack that is up."""

    stack: Stack
    ws: Workspace

    def run(self, private: PrivateKey) -> bool:
        """Walk through it all; returns whether every certificate balances."""
        self._wait(self._dags_known, "Airflow to read the DAGs")
        api = self.stack.api("amy")
        known = Known(set(api.runs(CONTACTS)), set(api.runs(THANK_YOU)))
        for dag in (CONTACTS, THANK_YOU, WHAT_IS_WRES):
            self.stack.api("admin").unpause(dag)
        thanking = self._pull(known)
        for run in (*thanking, self._trigger()):
            self._follow(run)
        names = self._finished_editions()
        for name in names:
            self._take_in_events(name, private)
        balanced = [self._account(name) for name in names]  # show each, even after a bad one
        return all(balanced)

    def _dags_known(self) -> bool:
        api = self.stack.api("amy")
        if errors := api.import_errors():
            raise StackFailed("Airflow could not read:\n" + "\n".join(errors))
        return all(api.has_dag(dag) for dag in (CONTACTS, THANK_YOU, WHAT_IS_WRES))

    def _pull(self, known: Known) -> list[Run]:
        """Pull pledges and contacts; return the thank-you runs that are to be followed.

        The contacts DAG's own timetable may come round meanwhile and be first to pull, and an
        interrupted demo may have left a run: whatever pulled the pledges, its thanks count.
        """
        api = self.stack.api("amy")
        api.trigger(CONTACTS)
        _say("amy pulls the pledges (a CSV and a Microsoft Forms export) and the contact lists")
        pulls = self._ended_pulls(known)
        changed = sum(pull["changed"] for pull in pulls)
        pledges = sum(pull["new_pledges"] for pull in pulls)
        _say(f"  {changed} contacts new or changed, {pledges} new pledges")
        if pledges:
            self._wait(lambda: bool(self._thanking(known, new=True)), "the thank-you to start")
            _say("  new pledges set off the pledge thank-you by themselves")
        elif not self._thanking(known):
            _say("  every file was taken before, so nothing changed and no thank-you is due")
        return [Run(THANK_YOU, run) for run in self._thanking(known)]

    def _ended_pulls(self, known: Known) -> list[dict[str, int]]:
        """Wait for every pull of this demo to end; return what each brought."""
        api = self.stack.api("amy")

        def ours() -> list[str]:
            return [run for run in api.runs(CONTACTS) if run not in known.pulls]

        self._wait(
            lambda: all(api.run_state(CONTACTS, run) in _ENDED for run in ours()),
            f"{CONTACTS} to end",
        )
        for run in ours():
            self._wait_for_end(Run(CONTACTS, run))
        return [api.returned(CONTACTS, run, "pull") for run in ours()]

    def _thanking(self, known: Known, *, new: bool = False) -> list[str]:
        """The thank-you runs that are new or, unless only `new` ones count, not ended."""
        api = self.stack.api("amy")
        return [
            run
            for run in api.runs(THANK_YOU)
            if run not in known.thanks or (not new and api.run_state(THANK_YOU, run) not in _ENDED)
        ]

    def _trigger(self) -> Run:
        run = self.stack.api("amy").trigger(WHAT_IS_WRES, {"occurrence": OCCURRENCE})
        _say(f"amy triggers what-is-wres as edition “{OCCURRENCE}”")
        return Run(WHAT_IS_WRES, run)

    def _follow(self, run: Run) -> None:
        """Wait for a run's end, approving as lee what it asks."""
        self._wait_for_end(run, meanwhile=lambda: self._approve(run))
        if self.stack.api("amy").task_states(run.dag, run.id).get("prepare") == "skipped":
            _say(f"  {run.dag}: this edition was prepared before; no one gets it twice")
        else:
            _say(f"  {run.dag}: prepared, checked, approved, sent and settled")

    def _approve(self, run: Run) -> None:
        """Answer once the question is really put: one that is answered sooner is put again."""
        api = self.stack.api("lee")
        if api.task_states(run.dag, run.id).get("approve") != "awaiting_input":
            return
        question = api.question(run.dag, run.id)
        if question:
            _say(f"  {run.dag} asks: {question['subject']} lee answers: Approve")
            # Airflow's scheduler drops an answer that comes within its next second.
            time.sleep(READING)
            api.answer(run.dag, run.id, "approve", "Approve")

    def _wait_for_end(self, run: Run, meanwhile: Callable[[], None] = lambda: None) -> None:
        api = self.stack.api("amy")

        def ended() -> bool:
            meanwhile()
            return api.run_state(run.dag, run.id) in _ENDED

        self._wait(ended, f"{run.dag} to end")
        if api.run_state(run.dag, run.id) == "failed":
            bad = [t for t, s in api.task_states(run.dag, run.id).items() if s == "failed"]
            logs = self.stack.home / "airflow" / "logs"
            raise StackFailed(f"{run.dag} failed in {', '.join(bad)}; see {logs}")

    def _finished_editions(self) -> list[str]:
        """Return what these two campaigns have sent, now or in an earlier demo."""
        thanks, _ = list_editions(self.ws, slug="pledge-thank-you")
        names = [summary.row.name for summary in thanks if "@pledges-" in summary.row.name]
        return [*names, f"what-is-wres@{OCCURRENCE}"]

    def _take_in_events(self, name: str, private: PrivateKey) -> None:
        url = f"{self.stack.public_url}/events/sendgrid"
        posted = simulate(self.ws, name, private_key=private, url=url)
        _say(f"{posted} simulated delivery events of {name} posted to the signed webhook")
        accepted = editions.certificate(self.ws, name).accepted

        def drained() -> bool:
            found = engagement(self.ws, name)
            return found.delivered + found.bounced >= accepted

        self._wait(drained, f"the drainer to take in the events of {name}")

    def _account(self, name: str) -> bool:
        account = editions.settle(self.ws, name)
        _say(_certificate(account))
        _say(_figures(self.ws, name))
        return account.balanced and not account.planned + account.claimed

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            self.stack.check()
            if time.monotonic() > deadline:
                logs = self.stack.home / "logs"
                raise StackFailed(f"waited {PATIENCE:.0f} s for {what}; see {logs}")
            time.sleep(0.5)


def _certificate(account: editions.Certificate) -> str:
    became = ", ".join(f"{people} {what}" for what, people in account.became.items() if people)
    left = ", ".join(f"{people} {why}" for why, people in _left_out(account).items())
    verdict = "balances to the person" if account.balanced else "DOES NOT BALANCE"
    return f"""
Certificate of {account.edition}: {verdict}
  intended    {account.intended:5}
  = accepted  {account.accepted:5}  ({became or "none"})
  + failed    {account.failed:5}
  + suppressed{account.suppressed:5}  ({left or "none"})
  + cancelled {account.cancelled:5}
  + in doubt  {account.unknown:5}
  + planned   {account.planned + account.claimed:5}"""


def _left_out(account: editions.Certificate) -> dict[str, int]:
    return account.reasons.get("suppressed", {})


def _figures(ws: Workspace, name: str) -> str:
    found = engagement(ws, name)
    label = " (SIMULATED: no real person did any of this)" if found.simulated else ""
    return f"""Engagement with {name}{label}
  {found.delivered} delivered, {found.bounced} bounced, {found.opened} people opened
  (and {found.machine_opened} opened by machines), {found.clicked} people clicked,
  {found.unsubscribed} unsubscribed"""


def _where(home: Path) -> str:
    return f"""
Where to look
  the emails    {home / "outbox"} (open an .eml file in any mail program)
  the ledger    {home / "outreach.db"}: `.venv/bin/outreach certificate what-is-wres@{OCCURRENCE}`
  the pages     `make run`, then Outreach in Airflow's navigation
"""


_BEGAN = time.monotonic()


def _say(text: str) -> None:
    mark = "" if text.startswith(("\n", "  ")) else f"[{time.monotonic() - _BEGAN:3.0f} s] "
    print(f"{mark}{text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
