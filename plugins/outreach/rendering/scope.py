"""What names mean at one point of a template."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

from jinja2 import nodes
from jinja2.visitor import NodeTransformer


@dataclass(frozen=True, slots=True)
class LoopPlace:
    """`loop` in copy: where in its loop a turn stands."""

    index0: int
    length: int

    @property
    def index(self) -> int:
        """The turn's number from 1."""
        return self.index0 + 1

    @property
    def revindex(self) -> int:
        """The turns left, this one included."""
        return self.length - self.index0

    @property
    def revindex0(self) -> int:
        """The turns left after this one."""
        return self.length - self.index0 - 1

    @property
    def first(self) -> bool:
        """Whether this is the first turn."""
        return self.index0 == 0

    @property
    def last(self) -> bool:
        """Whether this is the last turn."""
        return self.index0 == self.length - 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one point: `set` names by expression, loop names by value."""

    replaced: dict[str, nodes.Expr]
    bound: dict[str, object]
    place: str = ""
    in_branch: bool = False
    depth: int = 0

    def names(self) -> list[str]:
        """Return every name that the copy itself brought in here."""
        return [*self.replaced, *self.bound]

    def resolve(self, node: nodes.Node) -> nodes.Expr:
        """Return a copy of an expression in which every `set` name is what it was set to."""
        resolved: nodes.Expr = _Replace(self.replaced).visit(copy.deepcopy(node))
        return resolved


class _Replace(NodeTransformer):
    def __init__(self, replaced: dict[str, nodes.Expr]) -> None:
        self.replaced = replaced

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802 - Jinja's naming
        return copy.deepcopy(self.replaced.get(node.name, node))


def numbered(turns: list[Scope]) -> list[Scope]:
    """Return the turns of one loop, each with its `loop`."""
    return [
        replace(turn, bound={**turn.bound, "loop": LoopPlace(number, len(turns))})
        for number, turn in enumerate(turns)
    ]
