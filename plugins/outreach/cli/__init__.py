"""The `outreach` command: what a person does at a terminal, without any Airflow running."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from outreach.cli import (
    campaigns,
    consent,
    doubts,
    editions,
    organisations,
    people,
    previewing,
    progress,
    service,
    sources,
    steering,
)
from outreach.cli.output import Output
from outreach.errors import OutreachError
from outreach.ledger.engine import DatabaseError, DatabaseTrouble

USAGE, FAILED = 2, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 only on success, 2 for a command that makes no sense."""
    given = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in given
    out = Output(as_json=as_json)
    parser = build_parser()
    try:
        arguments = parser.parse_args([word for word in given if word != "--json"])
        return int(arguments.run(arguments, out))
    except OutreachError as error:
        out.error(str(error))
        return FAILED
    except DatabaseTrouble as error:
        said = str(error.orig).partition("\n")[0]
        out.error(
            f"the ledger could not be used ({said}). What was recorded stands; run the same "
            "command again once it can, or see: outreach doctor"
        )
        return FAILED
    except DatabaseError as error:
        said = str(error.orig).partition("\n")[0]
        out.error(f"the ledger could not be read ({said}); see: outreach doctor")
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        out.error(f"a file could not be read or written ({error.strerror or error}{where})")
        return FAILED
    except KeyboardInterrupt:
        out.error("stopped; run the same command again to go on")
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; `run` of each takes (arguments, output)."""
    parser = argparse.ArgumentParser(
        prog="outreach",
        description="Campaigns from pledge sign-ups to a certificate balanced to the person.",
        epilog="Every command takes --json. The exit status is 0 only on success. "
        "docs/operations.md says more.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for part in (
        *(people, sources, consent, organisations, campaigns, previewing),
        *(editions, progress, steering, doubts, service),
    ):
        part.add_commands(commands)
    return parser
