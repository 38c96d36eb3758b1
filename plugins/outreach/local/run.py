"""`make run`: Airflow, the public app and the drainer for a person to use, until Ctrl-C."""

from __future__ import annotations

import sys
import time

import httpx

from outreach.errors import OutreachError
from outreach.local.stack import Stack, running_stack
from outreach.settings import load_settings


def main() -> int:
    """Run until interrupted; returns the exit status."""
    try:
        with running_stack(load_settings().home, say=_say) as stack:
            _say(_where(stack))
            while True:
                stack.check()
                time.sleep(2)
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0
    except (OutreachError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _where(stack: Stack) -> str:
    users = "\n".join(f"    {name:6} {word}" for name, word in stack.passwords.items())
    return f"""
Outreach is up. Press Ctrl-C to stop it.

  Airflow      {stack.airflow_url}        staff pages: Outreach in its navigation
  Public app   {stack.public_url}
  Logs         {stack.home / "logs"}
  Outbox       {stack.home / "outbox"}

  Log in as (user, password); amy writes, lee approves, vic may only look:
{users}
"""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
