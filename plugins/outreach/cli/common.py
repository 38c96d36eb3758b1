"""What several commands share."""

from __future__ import annotations

import argparse
import getpass
import os
from typing import Any

from outreach.workspace import Workspace, open_to_halt, open_workspace

VIA = "cli"

Commands = Any
"""argparse's collection of sub-commands, which has no public name."""


def workspace() -> Workspace:
    """Open the deployment that the environment describes."""
    return open_workspace()


def workspace_to_halt() -> Workspace:
    """Open it to end something or honour an objection, even while hub.yaml is broken."""
    return open_to_halt()


def me() -> str:
    """Return the name of whoever is at the terminal, for the audit."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def add_who(parser: argparse.ArgumentParser) -> None:
    """Add --by and --reason, which the audit keeps."""
    parser.add_argument("--by", default="", metavar="NAME", help="who orders it (default: you)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why")


def pairs(values: list[str], option: str) -> dict[str, str]:
    """Return `COLUMN=FIELD` options as a mapping. Raises InputError where `=` is missing."""
    from outreach.errors import InputError

    wrong = [value for value in values if "=" not in value]
    if wrong:
        raise InputError(f"{option} {wrong[0]}: write it as {option} NAME=VALUE")
    return {key.strip(): kept.strip() for key, _, kept in (v.partition("=") for v in values)}
