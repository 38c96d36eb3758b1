"""What an author says about a slot by the way it is written."""

from __future__ import annotations

from jinja2 import nodes


def may_be_empty(node: nodes.Expr) -> bool:
    """Whether the author allowed for emptiness: `x or ''`, or an inline if with an empty side."""
    if isinstance(node, nodes.Or):
        return may_be_empty(node.right)
    if isinstance(node, nodes.CondExpr):
        sides = (node.expr1, node.expr2)
        return any(side is None or may_be_empty(side) for side in sides)
    if isinstance(node, nodes.Const):
        return node.value == "" or node.value is None
    if isinstance(node, nodes.Filter) and node.node is not None:
        if node.name in {"default", "d"} and node.args:
            return may_be_empty(node.args[0])
        return may_be_empty(node.node)
    return False
