"""Working out expressions: exactly as Jinja does, and fast for the forms that copy uses most."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from jinja2 import Template, TemplateError, UndefinedError, nodes

from outreach.domain import Reader
from outreach.errors import Fault, InputError
from outreach.hub import Hub
from outreach.rendering.names import chain
from outreach.rendering.sandbox import CopySandbox
from outreach.rendering.structure import Expression
from outreach.rendering.values import ContactView, EditionContext, to_text

T = TypeVar("T")

_REMEMBERED = 50_000
"""Combinations of field values kept for one expression."""

_FAILURES = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


def evaluate(
    env: CopySandbox,
    expression: Expression,
    hub: Hub,
    reader: Reader | None = None,
    edition: EditionContext | None = None,
) -> object:
    """Return an expression's value once. Raises InputError where it has none."""
    return _guarded(expression, lambda: _evaluator(env, expression, hub)(reader, edition))


def text_of(env: CopySandbox, expression: Expression, hub: Hub) -> Callable[[Reader], str]:
    """Return a fast function: reader -> what the expression prints. It raises InputError."""
    simple = _simple_text(expression)
    return simple or _remembering(env, expression, hub, to_text)


def truth_of(env: CopySandbox, expression: Expression, hub: Hub) -> Callable[[Reader], bool]:
    """Return a fast function: reader -> whether the test holds. It raises InputError."""
    path = _contact_path(expression.node)
    if path:
        field = attrgetter(path)
        return lambda reader: bool(field(reader))
    return _remembering(env, expression, hub, bool)


def fixed_text(env: CopySandbox, expression: Expression, hub: Hub, edition: EditionContext) -> str:
    """Return what an expression prints that does not depend on the reader."""
    return _guarded(expression, lambda: to_text(evaluate(env, expression, hub, None, edition)))


def fixed_truth(
    env: CopySandbox, expression: Expression, hub: Hub, edition: EditionContext | None
) -> bool:
    """Return whether a test holds that does not depend on the reader."""
    return _guarded(expression, lambda: bool(evaluate(env, expression, hub, None, edition)))


def _remembering(
    env: CopySandbox, expression: Expression, hub: Hub, finish: Callable[[Any], T]
) -> Callable[[Reader], T]:
    """Work each combination of the fields used out once: readers share most of theirs."""
    fields = attrgetter(*expression.fields)
    known: dict[object, T] = {}
    work_out = _lazily(lambda: _evaluator(env, expression, hub))

    def result(reader: Reader) -> T:
        given = fields(reader)
        if given in known:
            return known[given]
        if len(known) >= _REMEMBERED:
            known.clear()
        value = _guarded(expression, lambda: finish(work_out()(reader, None)))
        known[given] = value
        return value

    return result


def _lazily(make: Callable[[], T]) -> Callable[[], T]:
    return lru_cache(maxsize=1)(make)


def _contact_path(node: nodes.Node) -> str:
    path = chain(node)
    return ".".join(path[1:]) if path and path[0] == "contact" else ""


def _simple_text(expression: Expression) -> Callable[[Reader], str] | None:
    """Return a direct function for `contact.x` and `contact.x or 'text'`, else None."""
    node = expression.node
    if isinstance(node, nodes.Or):
        path, last = _contact_path(node.left), node.right
        if not path or not isinstance(last, nodes.Const):
            return None
        fallback, wanted = last.value, attrgetter(path)
        return lambda reader: to_text(wanted(reader) or fallback)
    path = _contact_path(node)
    if not path:
        return None
    field = attrgetter(path)
    return lambda reader: to_text(field(reader))


_Evaluator = Callable[[Reader | None, EditionContext | None], object]


def _evaluator(env: CopySandbox, expression: Expression, hub: Hub) -> _Evaluator:
    template = _guarded(expression, lambda: _as_template(env, expression.node))
    shared = {"hub": hub, **dict(expression.bound)}

    def result(reader: Reader | None, edition: EditionContext | None) -> object:
        names = dict(shared)
        if reader is not None:
            names["contact"] = ContactView(reader)
            names["arm"] = reader.arm
        if edition is not None:
            names["edition"] = edition
        context = template.new_context(names)
        for _ in template.root_render_func(context):
            pass
        return context.vars["result"]

    return result


def _as_template(env: CopySandbox, node: nodes.Expr) -> Template:
    assigned = nodes.Assign(nodes.Name("result", "store", lineno=1), node, lineno=1)
    tree = nodes.Template([assigned], lineno=1)
    tree.set_environment(env)
    return env.from_string(tree)


def _guarded(expression: Expression, work: Callable[[], T]) -> T:
    """Do `work`; what goes wrong becomes a fault that repeats no value of a reader's."""
    try:
        return work()
    except _FAILURES as error:
        kind = "nothing stands under a name in it" if _is_gap(error) else "its parts do not fit"
        said = (
            f"{{{{ {expression.text} }}}} cannot be worked out for every reader: {kind}; "
            "put {% if %} round it, or give it a default"
        )
        raise InputError(Fault(said, expression.file, expression.line)) from None


def _is_gap(error: Exception) -> bool:
    return isinstance(error, UndefinedError | LookupError)
