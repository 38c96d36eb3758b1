"""What names mean at one point of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from jinja2 import nodes


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

    def without_loop(self) -> Scope:
        """Return it without `loop`: the one of a loop around it is another."""
        return replace(self, bound={n: v for n, v in self.bound.items() if n != "loop"})

    def resolve(self, node: nodes.Expr) -> nodes.Expr:
        """Return an expression in which every `set` name is what it was set to."""
        return _resolved(node, self.replaced) if self.replaced else node


_N = TypeVar("_N", bound=nodes.Node)


def _resolved(node: _N, replaced: Mapping[str, nodes.Expr]) -> _N:
    # Not copy.deepcopy: that would copy the whole environment along with each node.
    if isinstance(node, nodes.Name):
        return cast("_N", replaced.get(node.name, node))
    values = (getattr(node, name) for name in node.fields)
    return type(node)(
        *(_resolved_field(value, replaced) for value in values),
        lineno=node.lineno,
        environment=node.environment,
    )


def _resolved_field(value: object, replaced: Mapping[str, nodes.Expr]) -> object:
    if isinstance(value, nodes.Node):
        return _resolved(value, replaced)
    if isinstance(value, list):
        return [_resolved_field(item, replaced) for item in value]
    return value


def numbered(turns: list[Scope]) -> list[Scope]:
    """Return the turns of one loop, each with its `loop`."""
    return [
        replace(turn, bound={**turn.bound, "loop": LoopPlace(number, len(turns))})
        for number, turn in enumerate(turns)
    ]
