"""Commands about people: import, export, person, suppress, unsuppress."""

from __future__ import annotations

import argparse
from pathlib import Path

from outreach.cli.common import VIA, Commands, me, pairs, workspace, workspace_to_halt
from outreach.cli.output import Output, table
from outreach.clock import london
from outreach.errors import InputError, Refused
from outreach.flows import accounts, erasing, exports, imports, mending, people, receipts
from outreach.flows.suppressing import SCOPES
from outreach.workspace import Workspace

KINDS = ("contacts", "pledges", "organisations", "resources", "suppressions")
WHAT = ("contacts", "pledges", "deliveries", "events", "quarantine")


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    _add_import(commands)
    _add_export(commands)
    _add_person(commands)
    _add_suppressing(commands)


def _add_import(commands: Commands) -> None:
    taken = commands.add_parser(
        "import", help="take in a file: CSV, TSV, XLSX, XLS, ODS, JSON, RSS"
    )
    taken.add_argument("path", type=Path)
    taken.add_argument("--kind", required=True, choices=KINDS)
    taken.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD")
    taken.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    taken.add_argument("--source", default="", help="name of the source (default: the file's)")
    taken.add_argument("--allow-shrink", action="store_true", help="take a file that shrank")
    taken.add_argument(
        "--allow-lost-column", action="store_true", help="take a file that lost a column"
    )
    taken.set_defaults(run=_import)


def _add_export(commands: Commands) -> None:
    export = commands.add_parser("export", help="write a CSV that is safe to open")
    export.add_argument("what", choices=WHAT)
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    export.add_argument("--edition", default="", metavar="ID")
    export.add_argument(
        "--import",
        type=int,
        default=0,
        metavar="NUMBER",
        dest="of_import",
        help="of quarantine: one import's rows, as a sheet to mend (.csv or .xlsx)",
    )
    export.set_defaults(run=_export)


def _add_person(commands: Commands) -> None:
    person = commands.add_parser("person", help="everything known of one address")
    person.add_argument("address")
    what = person.add_mutually_exclusive_group()
    what.add_argument("--export", type=Path, metavar="FILE", help=".json or .html")
    what.add_argument("--erase", action="store_true", help="erase them; they stay suppressed")
    what.add_argument("--erased", action="store_true", help="check that nothing is left")
    what.add_argument("--message", default="", metavar="EDITION", help="the message as sent")
    person.add_argument(
        "--out", type=Path, metavar="FILE", help="of --message: .eml, .html, .txt or .json"
    )
    person.add_argument(
        "--receipt", type=Path, metavar="FILE", help="of --erase and --erased: .json or .html"
    )
    person.set_defaults(run=_person)


def _add_suppressing(commands: Commands) -> None:
    for name, words in (
        ("suppress", "never write to an address or domain"),
        ("unsuppress", "lift a suppression; kept in the history"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("address")
        command.add_argument("--reason", required=True, metavar="TEXT")
        command.add_argument("--by", default="", metavar="NAME")
        if name == "suppress":
            command.add_argument("--scope", choices=SCOPES, default="all", help="default: all mail")
        else:
            command.add_argument(
                "--which", type=int, metavar="NUMBER", help="which, where several stand"
            )
        command.set_defaults(run=_suppress if name == "suppress" else _unsuppress)


def _import(arguments: argparse.Namespace, out: Output) -> int:
    result = imports.import_file(
        workspace(),
        arguments.path,
        arguments.kind,
        mapping=pairs(arguments.map, "--map"),
        constants=pairs(arguments.set, "--set"),
        source=arguments.source,
        by=me(),
        via=VIA,
        allow_shrink=arguments.allow_shrink,
        allow_lost_column=arguments.allow_lost_column,
    )
    figures = ("rows_read", "accepted", "created", "changed", "unchanged", "quarantined")
    rows: list[tuple[object, object]] = [
        (name.replace("_", " "), getattr(result, name)) for name in figures
    ]
    rows += [(f"    {why}", n) for why, n in sorted(result.quarantined_by_reason.items())]
    words = f"{result.message}\n{table(('', 'rows'), rows)}"
    if result.unrecognised_columns:
        words += "\nColumns not recognised: " + ", ".join(result.unrecognised_columns)
    out.result(result, words)
    return 0 if result.state in ("done", "already taken") else 1


def _export(arguments: argparse.Namespace, out: Output) -> int:
    if arguments.of_import:
        rows = _sheet(arguments)
    else:
        rows = exports.export(workspace(), arguments.what, arguments.out, edition=arguments.edition)
    out.result(
        {"what": arguments.what, "file": arguments.out, "rows": rows},
        f"{rows} rows in {arguments.out}",
    )
    return 0


def _sheet(arguments: argparse.Namespace) -> int:
    if arguments.what != "quarantine" or arguments.out.suffix not in mending.WRITERS:
        raise InputError("--import goes with: export quarantine --out FILE.csv, or FILE.xlsx")
    number, file = arguments.of_import, arguments.out
    return mending.write_sheet(workspace(), number, file, by=me(), via=VIA)


def _person(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace_to_halt()  # who asks, or asks to be erased, need not wait for hub.yaml
    if arguments.receipt and not (arguments.erase or arguments.erased):
        raise InputError("--receipt goes with --erase, which writes it, or --erased")
    if arguments.erase:
        return _erase(ws, arguments, out)
    if arguments.erased:
        return _erased(ws, arguments, out)
    if arguments.export:
        file = people.export_person(ws, arguments.address, arguments.export)
        out.result({"file": file}, f"Everything known is in {file}")
        return 0
    if arguments.out and not arguments.message:
        raise InputError("--out goes with --message EDITION; for everything known use --export")
    if arguments.message:
        return _message(ws, arguments, out)
    found = people.person(ws, arguments.address)
    parts = [found.summary]
    for line in found.editions:
        head = f"{line.edition} ({line.title}): {line.state}"
        named = f"\n  delivery {line.delivery_id}" if line.delivery_id else ""
        parts.append(f"{head}\n  {line.words}{named}")
    out.result(found, "\n\n".join(parts))
    return 0


def _erase(ws: Workspace, arguments: argparse.Namespace, out: Output) -> int:
    done = people.erase_person(ws, arguments.address, by=me(), via=VIA)
    words = f"Erased. What was changed:\n{table(('place', 'items'), sorted(done.counts.items()))}"
    if arguments.receipt:
        file = receipts.write_receipt(ws, done, arguments.receipt)
        words += f"\nThe receipt is in {file}"
    out.result(done, words)
    return 0


def _erased(ws: Workspace, arguments: argparse.Namespace, out: Output) -> int:
    found = erasing.remains(ws, arguments.address)
    words = table(("place", "found now"), sorted(found.counts.items()))
    for one in found.erasures:
        words += f"\nErasure {one.number}, {london(one.at)}, by {one.by}" if one.at else ""
    if not found.erasures:
        words += "\nNo erasure of this address is recorded"
    if arguments.receipt:
        number = receipts.check_receipt(ws, arguments.address, arguments.receipt)
        words += f"\nThe receipt is genuine: it is that of erasure {number}"
    out.result(found, words)
    return 0 if found.nothing else 1


def _message(ws: Workspace, arguments: argparse.Namespace, out: Output) -> int:
    found = accounts.message_to(ws, arguments.message, arguments.address)
    about = accounts.in_words(found)
    if arguments.out:
        accounts.export_message(found, arguments.out)
        said = {"file": arguments.out, "exact": found.exact, "why_not": found.why_not}
        out.result(said, f"{about}\nThe message is in {arguments.out}")
        return 0
    out.say(about)
    out.result(accounts.as_plain(found), accounts.as_text(found))
    return 0


def _suppress(arguments: argparse.Namespace, out: Output) -> int:
    if not arguments.reason.strip():
        raise Refused("a suppression needs a reason: --reason TEXT")
    added = people.suppress(
        workspace_to_halt(),
        arguments.address,
        reason=arguments.reason,
        scope=arguments.scope,
        by=arguments.by or me(),
        via=VIA,
    )
    words = "Suppressed from now on" if added else "It was suppressed already; nothing changed"
    out.result({"suppressed": True, "added": added}, words)
    return 0


def _unsuppress(arguments: argparse.Namespace, out: Output) -> int:
    lifted = people.unsuppress(
        workspace(),
        arguments.address,
        reason=arguments.reason,
        which=arguments.which,
        by=arguments.by or me(),
        via=VIA,
    )
    out.result({"lifted": lifted}, f"{lifted} suppression(s) lifted")
    return 0 if lifted else 1
