"""What a run was asked for: what the trigger form holds, and the name of its occurrence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.clock import LONDON, parse_when
from outreach.domain import Following
from outreach.errors import InputError
from outreach.scheduling.timetable import Timetable
from outreach.segments import ANYTHING, EVERYONE, Segment, Vocabulary, parse


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
