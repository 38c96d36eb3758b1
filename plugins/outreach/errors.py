"""The whole error tree, named by what the caller does next.

OutreachError
|- InputError      a person mends a file or a command; carries where
|- ConfigError     a person mends a setting; carries which and how
|- NotFound        the thing named does not exist
|- Refused         a rule forbids it now (approval, state, control); say why
|- TokenError      a link was altered, is for another purpose, or has expired
`- HandOverError   what became of one batch
   |- NotSent      provably not sent: back to planned, try later
   |- Rejected     the provider refused the content of the batch: bisect, fail the row
   |- TooLarge     the provider refused its size: split
   |- MustStop     nothing more will be accepted until a person mends something
   `- InDoubt      the body may have been taken: never send again by itself
"""

from __future__ import annotations

from dataclasses import dataclass


class OutreachError(Exception):
    """Base of every error that Outreach raises on purpose; its text is for people."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, where it is, and what to do: `file:line: message`.

    `check` names the check that found it (`checks.table`) and `variants` the numbers of the
    variants that it was found in; both are empty where it is about the file as a whole.
    """

    message: str
    file: str = ""
    line: int = 0
    column: str = ""
    blocking: bool = True
    check: str = ""
    variants: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        parts = [place, f"column {self.column}" if self.column else "", self.message]
        return ": ".join(p for p in parts if p)


class InputError(OutreachError):
    """A file or argument is wrong; `faults` lists every fault found."""

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(f if isinstance(f, Fault) else Fault(f) for f in faults)
        super().__init__("\n".join(str(f) for f in self.faults))


class ConfigError(OutreachError):
    """A setting is missing or wrong; the text names it and says how to mend it."""


class NotFound(OutreachError):
    """The named edition, campaign, contact or delivery does not exist."""


class Refused(OutreachError):
    """A rule forbids this now; the text says which and what would allow it."""


class TokenError(OutreachError):
    """A public link cannot be trusted."""


class HandOverError(OutreachError):
    """Base of what can go wrong with one batch; `reason` is kept in the ledger.

    `reason` must hold no personal data: it reaches logs.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotSent(HandOverError):
    """Provably not sent. `retry_after` is in seconds from now; `everyone` slows all senders."""

    def __init__(self, reason: str, *, retry_after: float = 0.0, everyone: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.everyone = everyone


class Rejected(HandOverError):
    """The provider refused this batch because of what is in it; nothing of it was sent."""


class TooLarge(HandOverError):
    """The provider refused this batch because of its size; nothing of it was sent."""


class MustStop(HandOverError):
    """Refused for a cause that every further batch shares (401, 403): stop the edition."""


class InDoubt(HandOverError):
    """The provider may or may not have taken the batch."""
