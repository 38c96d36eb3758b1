"""Which names, fields, filters and forms an expression of campaign copy may use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes

from outreach.rendering.values import ANY, FIELDS, LEAF, Fields
from outreach.wording import suggest

LOOP_FIELDS = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

_ADDRESSES = {"email", "e_mail", "address", "email_address", "phone"}

_Problem = tuple[int, str]


def chain(node: nodes.Node) -> list[str] | None:
    """Return `["contact", "organisation", "name"]` for `contact.organisation.name`, else None."""
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        before = chain(node.node)
        return [*before, node.attr] if before else None
    return None


def problems(
    node: nodes.Node, local: Collection[str], filters: Collection[str], tests: Collection[str]
) -> Iterator[_Problem]:
    """Yield (line, message) for each thing in an expression that copy cannot use."""
    path = chain(node)
    if path is not None:
        yield from ((node.lineno, said) for said in _of_path(path, local))
        return
    if isinstance(node, nodes.Getitem) and chain(node.node) is not None:
        yield from ((node.lineno, said) for said in _of_lookup(node, local))
        yield from problems(node.arg, local, filters, tests)
        return
    yield from ((node.lineno, said) for said in _of_form(node, filters, tests))
    for child in node.iter_child_nodes():
        yield from problems(child, local, filters, tests)


def _of_path(path: list[str], local: Collection[str]) -> Iterator[str]:
    root, *rest = path
    private = [part for part in path if part.startswith("_")]
    if private:
        yield f"“{private[0]}” is private; use a field that is listed in the guide"
    elif root == "loop" and root in local:
        if len(rest) != 1 or rest[0] not in LOOP_FIELDS:
            yield f"“{'.'.join(path)}” is not known{suggest(rest[-1] if rest else '', LOOP_FIELDS)}"
    elif root not in local and root not in FIELDS:
        yield f"there is nothing called “{root}”{suggest(root, [*FIELDS, *local])}"
    elif root not in local:
        yield from _of_fields(root, rest)


def _of_fields(root: str, rest: list[str]) -> Iterator[str]:
    here = FIELDS[root]
    said = root
    for part in rest:
        if here == ANY:
            return
        if not isinstance(here, Mapping):
            yield f"“{said}” has no parts; write {{{{ {said} }}}}"
            return
        if part in _ADDRESSES:
            yield "an address is never printed in an email; take it out"
            return
        if part not in here:
            near = suggest(part, here).replace("“", f"“{said}.")
            yield f"“{said}” has no field “{part}”{near}"
            return
        here, said = here[part], f"{said}.{part}"
    if isinstance(here, Mapping):
        yield f"say which part of “{said}”, such as {said}.{next(iter(here))}"


def _of_lookup(node: nodes.Getitem, local: Collection[str]) -> Iterator[str]:
    path = chain(node.node) or []
    root, *rest = path
    if root not in local and root in FIELDS and _stands_for(path) != ANY:
        part = node.arg.value if isinstance(node.arg, nodes.Const) else "field"
        yield f"write {'.'.join(path)}.{part}, with a full stop instead of brackets"
    else:
        yield from _of_path([root, *rest], local)


def _stands_for(path: list[str]) -> Fields | str | None:
    here: Fields | str | None = FIELDS
    for part in path:
        if not isinstance(here, Mapping) or part not in here:
            return here if here == ANY else LEAF
        here = here[part]
    return here


def _of_form(node: nodes.Node, filters: Collection[str], tests: Collection[str]) -> Iterator[str]:
    if isinstance(node, nodes.Call):
        yield "copy cannot call things with ( ); use a filter, such as {{ contact.name | upper }}"
    elif isinstance(node, nodes.Filter) and node.name in {"safe", "e", "escape"}:
        yield f"“| {node.name}” is not needed: every value is made safe; take it out"
    elif isinstance(node, nodes.Filter) and node.name not in filters:
        yield f"there is no filter “{node.name}”{suggest(node.name, sorted(filters))}"
    elif isinstance(node, nodes.Test) and node.name not in tests:
        yield f"there is no test “is {node.name}”{suggest(node.name, [])}"
    elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield f"“{node.attr}” is private; use a field that is listed in the guide"


def fields_of(node: nodes.Expr) -> tuple[str, ...]:
    """Return the reader's fields that an expression depends on, such as `organisation.name`."""
    paths = (chain(n) for n in _getattrs(node))
    found = {".".join(p[1:]) for p in paths if p and p[0] == "contact" and len(p) > 1}
    if "arm" in roots_of(node):
        found.add("arm")
    return tuple(sorted(found))


def roots_of(node: nodes.Expr) -> frozenset[str]:
    """Return the first names that an expression uses: contact, hub, a loop's name ..."""
    names = [*node.find_all(nodes.Name), *([node] if isinstance(node, nodes.Name) else [])]
    return frozenset(name.name for name in names)


def _getattrs(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the outermost attribute look-ups."""
    if isinstance(node, nodes.Getattr) and chain(node):
        yield node
        return
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Expr | nodes.Helper):
            yield from _getattrs(child)


def unsupported(node: nodes.Node) -> str:
    """Return what to say of a statement that campaign copy cannot use."""
    word = {
        "FromImport": "from",
        "AssignBlock": "set",
        "CallBlock": "call",
        "FilterBlock": "filter",
    }
    kind = type(node).__name__
    tag = word.get(kind, kind.lower())
    if kind == "AssignBlock":
        return "{% set %} takes its value after =: {% set greeting = 'Hello' %}"
    return f"{{% {tag} %}} is not supported in campaign copy; use if, for and set"
