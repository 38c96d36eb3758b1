"""What a long run prints: a line for each fault on each database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.judging import Verdict, total

HEAD = (
    "fault",
    "database",
    "runs",
    "sent",
    "twice",
    "lost",
    "doubts listed",
    "sent of them",
    "unlisted",
    "crossed listed",
    "unwanted",
    "balanced",
)


@dataclass(frozen=True)
class Line:
    """One fault on one database. `errors` are runs that did not go as the fault should."""

    database: str
    fault: str
    verdict: Verdict
    errors: int

    @property
    def good(self) -> bool:
        """Whether the promise held in every run, and each went as it should."""
        return self.verdict.good and not self.errors

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as `HEAD` names them."""
        one = self.verdict
        listed = one.crossed - one.unlisted_crossed
        return (
            self.fault,
            self.database,
            str(one.runs) + (f" and {self.errors} WRONG" if self.errors else ""),
            str(one.taken),
            str(one.duplicates),
            str(one.lost),
            str(one.doubts),
            str(one.sent_in_doubt),
            str(one.unlisted_doubts),
            f"{listed}/{one.crossed}",
            str(one.against_their_will),
            "yes" if not one.unbalanced else f"{one.unbalanced} NOT",
        )


def shown(lines: Sequence[Line]) -> str:
    """The table, its columns aligned, with a line of totals."""
    everything = Line(
        "", "all", total([Verdict(), *(one.verdict for one in lines)]), sum(o.errors for o in lines)
    )
    rows = [HEAD, *(one.cells() for one in lines), everything.cells()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
