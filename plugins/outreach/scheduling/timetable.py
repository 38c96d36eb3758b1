"""A campaign's timetable: when it next comes round, what an occurrence is called, its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.scheduling.cron import Cron, read_cron
from outreach.scheduling.days import Dates, OnDays
from outreach.scheduling.holidays import bank_holiday, is_working_day, next_working_day
from outreach.scheduling.words import EXAMPLES, read_dates, read_words

_CLOCK_CHANGE = timedelta(hours=1)
_LONGEST_MOVE = timedelta(days=8)
"""No bank holidays and weekends in a row are longer than this."""

HORIZON = timedelta(days=366 * 5)
"""A timetable with no slot in five years has none: "31 February", or Sundays on working days."""

_DATED = re.compile(r"\d{4}-")
_CRON_LIKE = re.compile(r"[\d*@]\S*(?:\s+\S+)*")


class DaysOff(StrEnum):
    """What becomes of a slot at a weekend or on a bank holiday."""

    SEND = "send"
    SKIP = "skip"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Timetable:
    """A timetable in cron, in words, or as dates joined by commas; London time.

    `days_off` says whether slots on days off are kept, left out, or moved to the next working
    day at the same time. Made from a text that cannot be read, every method raises InputError.
    """

    text: str
    days_off: DaysOff = DaysOff.SEND

    def next_slot(self, after: datetime) -> datetime | None:
        """Return the first slot strictly later than `after`, in UTC; None where there is none.

        When the clocks go forward, a recurring time that does not exist moves on by the hour
        that was lost (01:30 becomes 02:30 BST). When they go back, one that happens twice means
        the first.
        """
        # A time that did not exist sorts before the times it lands among, so look an hour around.
        wall = after.astimezone(LONDON).replace(tzinfo=None) - _CLOCK_CHANGE
        best: datetime | None = None
        last = wall
        for written, candidate in self._walls(wall):
            slot = candidate.replace(tzinfo=LONDON).astimezone(UTC)
            if slot > after and (best is None or slot < best):
                best, last = slot, candidate + _CLOCK_CHANGE
            if best is not None and written >= last:
                break
        return best

    def slots(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield every slot after `start` up to `end`, in UTC and in order."""
        slot = self.next_slot(start)
        while slot is not None and slot <= end:
            yield slot
            slot = self.next_slot(slot)

    def occurrence(self, slot: datetime) -> str:
        """Return the name of the occurrence at `slot`: its London date, such as 2026-11-24.

        A timetable that comes round more than once a day adds the time: 2026-11-24-1400.
        """
        local = slot.astimezone(LONDON)
        once = read(self.text).once_a_day
        return f"{local:%Y-%m-%d}" if once else f"{local:%Y-%m-%d-%H%M}"

    def in_words(self) -> str:
        """Return it for people: "Tuesdays at 10:00, London time, working days only"."""
        said = {
            DaysOff.SEND: "",
            DaysOff.SKIP: ", working days only",
            DaysOff.MOVE: ", or the next working day",
        }[self.days_off]
        return f"{read(self.text).in_words()}, London time{said}"

    def problem(self) -> str:
        """Return what is wrong with it, or ''. The same whenever it is asked."""
        try:
            rule = read(self.text)
        except InputError as error:
            return str(error)
        if isinstance(rule, Dates):
            return _day_off_among(rule) if self.days_off is DaysOff.SKIP else ""
        begins = rule.begins if isinstance(rule, OnDays) and rule.begins else None
        start = datetime.combine(begins, time()) - _CLOCK_CHANGE if begins else _ANY_DAY
        if next(self._walls(start), None) is None:
            return f"the timetable “{self.text}” never comes round; write for example {_EXAMPLE}"
        return ""

    def _walls(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield (as written, as sent) wall times that are sent after `start`."""
        moves = self.days_off is DaysOff.MOVE
        begin = start - _LONGEST_MOVE if moves else start
        for written in read(self.text).walls(begin, start + HORIZON):
            if is_working_day(written.date()) or self.days_off is DaysOff.SEND:
                sent = written
            elif moves:
                sent = datetime.combine(next_working_day(written.date()), written.time())
            else:
                continue
            if sent > start:
                yield written, sent


_ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall time
_EXAMPLE = f"“{EXAMPLES[0]}”"


@lru_cache(maxsize=1000)
def read(text: str) -> Cron | OnDays | Dates:
    """Return what a timetable's text means. Raises InputError with what to write instead."""
    if _DATED.match(text):
        return read_dates(text)
    if _CRON_LIKE.fullmatch(text) and not re.match(r"\d+(st|nd|rd|th)\b", text):
        return read_cron(text)
    return read_words(text)


def _day_off_among(rule: Dates) -> str:
    for moment in rule.moments:
        if not is_working_day(moment.date()):
            why = bank_holiday(moment.date()) or f"a {moment:%A}"
            return (
                f"{moment:%Y-%m-%d} is {why}, which working_days_only leaves out; "
                "choose another day, or leave working_days_only out"
            )
    return ""
