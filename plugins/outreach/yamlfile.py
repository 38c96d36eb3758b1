"""YAML text -> plain values, with the line of every field, so that a fault can name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from outreach.errors import Fault, InputError

Path_ = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Located:
    """A YAML document: `data`, and the file line of each field by its path of keys."""

    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of the field at `path`, or of its nearest parent that is written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read_yaml(text: str, file: str, first_line: int = 1) -> Located:
    """Read one YAML document whose first line is line `first_line` of `file`.

    Raises InputError, with the line, for broken YAML, a field written twice or an alias.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Located({}, {(): first_line})
        lines: dict[Path_, int] = {}
        _refuse_aliases(text, file, first_line)
        _note(node, (), lines, file, first_line)
        return Located(loader.construct_document(node), lines)
    except yaml.YAMLError as error:
        raise InputError(_broken(error, file, first_line)) from None
    finally:
        loader.dispose()


def _refuse_aliases(text: str, file: str, first_line: int) -> None:
    # An alias may repeat a part without end, and nobody needs one here.
    if "&" not in text:
        return
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            said = "“*” repeats another part here; write the value out, or put quotes round it"
            raise InputError(Fault(said, file, _line(event.start_mark, first_line)))


def _note(node: yaml.Node, path: Path_, lines: dict[Path_, int], file: str, first: int) -> None:
    lines[path] = _line(node.start_mark, first)
    for key, mark, child in _children(node):
        place = (*path, key)
        line = _line(mark, first)
        if place in lines:
            said = f"“{key}” is written twice (also on line {lines[place]}); keep one"
            raise InputError(Fault(said, file, line))
        if len(place) > 20:
            raise InputError(Fault("this is nested too deeply", file, line))
        _note(child, place, lines, file, first)
        lines[place] = line


def _children(node: yaml.Node) -> Iterator[tuple[str | int, Any, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark, value


def _line(mark: Any, first_line: int) -> int:
    return int(mark.line) + first_line


def _broken(error: yaml.YAMLError, file: str, first_line: int) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + first_line if mark else first_line
    problem = getattr(error, "problem", None) or "it is not valid YAML"
    advice = "text that holds a colon, or begins with * & { [ @ or %, needs quotes round it"
    return Fault(f"this cannot be read: {problem}; {advice}", file, line)
