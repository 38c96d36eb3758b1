"""Arms: one campaign told in two to five ways, each to its share of the audience."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from jinja2 import nodes

from outreach.domain import Reader
from outreach.rendering.structure import Block, Branch, Expression
from outreach.wording import suggest

if TYPE_CHECKING:
    from outreach.campaigns import Campaign

_N = TypeVar("_N", bound=nodes.Node)

ARM = "arm"
"""What copy calls the reader's arm: `{% if arm == "b" %}`."""


def arm_test(name: str, file: str) -> Expression:
    """Return the test `arm == "name"`, the same as where an author wrote it."""
    node = nodes.Compare(
        nodes.Name(ARM, "load", lineno=1),
        [nodes.Operand("eq", nodes.Const(name, lineno=1), lineno=1)],
        lineno=1,
    )
    return Expression(
        node=node,
        text=f'{ARM} == "{name}"',
        file=file,
        line=0,
        bound=(),
        identity=repr(node),
        fields=(ARM,),
        uses_edition=False,
    )


def asked(arms: Iterable[str], file: str) -> Block:
    """Return parts that print nothing and make every arm a variant of its own."""
    return tuple(Branch(arm_test(name, file), (), ()) for name in arms)


def chosen(block: Block, own: Sequence[tuple[str, Block]], file: str) -> Block:
    """Return a text that is `own` for the arms that have one, and `block` for the others."""
    for name, other in reversed(own):
        block = (Branch(arm_test(name, file), other, block),)
    return block


def arm_problems(node: nodes.Expr, arms: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with an expression's use of `arm`: an arm that is not there."""
    if not any(name.name == ARM for name in _all(node, nodes.Name)):
        return
    if not arms:
        yield "this campaign has no arms; add the field arms, or take “arm” out here"
        return
    for compared in _all(node, nodes.Compare):
        if not any(name.name == ARM for name in _all(compared, nodes.Name)):
            continue
        for const in _all(compared, nodes.Const):
            if isinstance(const.value, str) and const.value not in arms:
                yield f"there is no arm “{const.value}”{suggest(const.value, arms)}"


def each_arm(readers: Iterable[Reader], campaign: Campaign) -> tuple[Reader, ...]:
    """Return each reader once for every arm of the campaign, or as they are where it has none."""
    names = [arm.name for arm in campaign.arms] or [""]
    return tuple(replace(reader, arm=name) for reader in readers for name in names)


def _all(node: nodes.Node, kind: type[_N]) -> list[_N]:
    return [*([node] if isinstance(node, kind) else []), *node.find_all(kind)]
