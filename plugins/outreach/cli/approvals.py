"""Commands about agreeing an edition: tests, audiences let pass, deputies, standing approvals."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta

from outreach.cli.common import VIA, Commands, add_who, me, workspace
from outreach.cli.editions import certificate_words
from outreach.cli.output import Output, table
from outreach.clock import LONDON, london
from outreach.errors import InputError
from outreach.flows import deputies, editions, standing
from outreach.flows.side_messages import send_test


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    test = commands.add_parser("test-send", help="send colleagues a marked, uncounted test")
    test.add_argument("name", metavar="NAME", help="a campaign, or an edition")
    test.add_argument("--to", action="append", required=True, metavar="COLLEAGUE")
    test.add_argument("--variant", type=int, default=0, metavar="NUMBER", help="default: each")
    test.set_defaults(run=_test_send)
    passing = commands.add_parser(
        "let-pass", help="let one edition's audience pass that moved further than its limit"
    )
    passing.add_argument("edition")
    add_who(passing)
    passing.set_defaults(run=_let_pass)
    _add_deputies(commands)
    _add_standing(commands)


def _add_deputies(commands: Commands) -> None:
    parser = commands.add_parser("deputies", help="who answers for an approver who is away")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    what.add_parser("list", help="who stands in for whom").set_defaults(run=_deputies)
    name = what.add_parser("name", help="name your deputy, as an approver")
    name.add_argument("deputy")
    name.add_argument("--by", required=True, metavar="NAME", help="the approver, who orders it")
    name.add_argument("--from", dest="since", required=True, metavar="DAY", help="the first day")
    name.add_argument("--to", dest="until", required=True, metavar="DAY", help="the last day")
    name.set_defaults(run=_name_deputy)
    end = what.add_parser("end", help="end your deputy's time before its last day")
    end.add_argument("number", type=int)
    end.add_argument("--by", required=True, metavar="NAME", help="the approver who named them")
    end.set_defaults(run=_end_deputy)


def _add_standing(commands: Commands) -> None:
    parser = commands.add_parser("standing", help="standing approvals of automatic campaigns")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    what.add_parser("list", help="which stand, by whom, since when").set_defaults(run=_standing)
    withdraw = what.add_parser("withdraw", help="withdraw one, as an approver")
    withdraw.add_argument("number", type=int)
    add_who(withdraw)
    withdraw.set_defaults(run=_withdraw)


def _test_send(arguments: argparse.Namespace, out: Output) -> int:
    report = send_test(
        workspace(), arguments.name, to=arguments.to, by=me(), via=VIA, variant=arguments.variant
    )
    value = {"sent": report.sent, "handed": [one.words for one in report.handed]}
    out.result(value, f"{report.words}\n{report.sent} sent, marked as a test; not counted")
    return 1 if report.failed else 0


def _let_pass(arguments: argparse.Namespace, out: Output) -> int:
    account = editions.let_audience_pass(
        workspace(),
        arguments.edition,
        by=arguments.by or me(),
        via=VIA,
        reason=arguments.reason,
    )
    out.say("This audience may pass; in Airflow, clear the task check of its run")
    out.result({**account.as_json(), "edition_id": account.edition}, certificate_words(account))
    return 0


def _deputies(_: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    found = deputies.mandates(ws)
    rows: list[tuple[object, ...]] = [
        (one.id, one.approver, one.deputy, london(one.since), london(one.until)) for one in found
    ]
    rows += [("-", who, ", ".join(named), "", "for good") for who, named in ws.hub.deputies.items()]
    words = table(("number", "approver", "deputy", "from", "until"), rows)
    out.result({"deputies": found, "in_hub": dict(ws.hub.deputies)}, words)
    return 0


def _name_deputy(arguments: argparse.Namespace, out: Output) -> int:
    made = deputies.name_deputy(
        workspace(),
        arguments.deputy,
        since=_day(arguments.since),
        until=_day(arguments.until) + timedelta(days=1),
        by=arguments.by,
        via=VIA,
    )
    words = f"{made.deputy} answers for {made.approver} up to {london(made.until)} (no. {made.id})"
    out.result({"deputy": made}, words)
    return 0


def _end_deputy(arguments: argparse.Namespace, out: Output) -> int:
    deputies.end_deputy(workspace(), arguments.number, by=arguments.by, via=VIA)
    out.result({"ended": arguments.number}, "Their time is ended")
    return 0


def _standing(_: argparse.Namespace, out: Output) -> int:
    found = standing.standing_approvals(workspace(), with_void=True)
    rows = [
        (one.row.id, one.row.campaign, one.row.by, london(one.row.at), one.void or "stands")
        for one in found
    ]
    words = table(("number", "campaign", "given by", "since", "how it stands"), rows)
    out.result({"standing": found}, words)
    return 0


def _withdraw(arguments: argparse.Namespace, out: Output) -> int:
    slug = standing.withdraw_standing(
        workspace(),
        arguments.number,
        by=arguments.by or me(),
        via=VIA,
        reason=arguments.reason,
    )
    out.result({"campaign": slug}, f"Withdrawn: the next edition of {slug} asks a person")
    return 0


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=LONDON)
    except ValueError:
        raise InputError(f"{text!r} is not a day; write 2026-12-01") from None
