"""Read a long list with two processes at once: this one, and a `second_reader` for its end.

Both leave exactly what one alone would. Where the second cannot start, dies or keeps silent,
its rows are read here.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable, Iterator

from outreach.errors import Fault, InputError
from outreach.flows.second_process import Second, started
from outreach.flows.second_reader import Answer
from outreach.flows.staging import Staging
from outreach.keys import Keys
from outreach.sources.fields import Context
from outreach.sources.people import People, read_people
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import WHOLE, Stretch, Unsplit


def put_aside(
    file: SourceFile,
    context: Context,
    keys: Keys,
    staging: Staging,
    watched: Callable[[Iterator[People]], Iterator[People]],
    in_sheets: Callable[[int], bool] = lambda _: False,
) -> None:
    """Read every row of a file about people and put it aside.

    `watched` passes on what is read here; `in_sheets` says of a number of rows whether they are
    wanted in sheets. Raises InputError where the file is broken.
    """

    def read(stretch: Stretch) -> int:
        last = 0
        for some in watched(read_people(file, context, keys, stretch)):
            staging.add(some)
            last = some.last
        return last

    second = started(file, context, keys, staging)
    if second is None:
        read(WHOLE)
        return
    left_empty = Counter(context.left_empty)
    try:
        last = read(Stretch(0, second.start))
        if last <= file.headings_row:
            raise Unsplit
    except Unsplit:
        # A row stands across the place where the file was cut.
        staging.forget()
        context.left_empty.clear()
        context.left_empty.update(left_empty)
        read(WHOLE)
        return
    told = second.answer()
    if told is None:
        second.end()
        read(Stretch(second.start, 0, last))
    else:
        _take_over(told, second, context, staging, last, in_sheets)


def _take_over(
    told: Answer,
    second: Second,
    context: Context,
    staging: Staging,
    before: int,
    in_sheets: Callable[[int], bool],
) -> None:
    handed, faults, left_empty = told
    if handed is None:
        raise InputError(
            *(Fault(said, name, line and line + before, col) for said, name, line, col in faults)
        )
    context.left_empty.update(left_empty)
    mine = staging.handed()
    staging.take_over(second.into, handed, before)
    sheets = in_sheets(staging.rows)
    if second.tell(marshal.dumps((mine, before, sheets))):
        if sheets:
            staging.laid_out_by(second.sheet)
        else:
            staging.prepared_by(second.part)
