"""Where in a file a piece of a rule stands, however YAML wrote the rule."""

from __future__ import annotations


def place_in(source: str, line: int, text: str, at: int) -> tuple[int, int]:
    """Return (line, column), both from 1, of character `at` of a rule called `text`.

    The rule is the value of the field on `line` of `source`. YAML may have folded it, indented
    it or put it in quotes: its characters, without spaces, still come in the same order.
    """
    starts = [0]
    for one in source.split("\n"):
        starts.append(starts[-1] + len(one) + 1)
    place = source.find(":", starts[line - 1])
    for one in text[: at + 1]:
        if one.isspace():
            continue
        found = source.find(one, place + 1)
        if found < 0:
            break
        place = found
    if at >= len(text):
        place += 1
    row = next(n for n, start in enumerate(starts[1:], start=1) if start > place)
    return row, place - starts[row - 1] + 1
