"""Jinja's tree of a template -> our Block: loops unrolled, `set` names replaced, faults found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn, cast

from jinja2 import Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError

from outreach.errors import Fault, InputError
from outreach.hub import Hub
from outreach.rendering.arms import ARM, arm_problems
from outreach.rendering.evaluate import evaluate
from outreach.rendering.names import chain, fields_of, problems, roots_of, unsupported
from outreach.rendering.sandbox import CopySandbox, copy_environment
from outreach.rendering.scope import Scope, numbered
from outreach.rendering.slips import syntax_words
from outreach.rendering.structure import (
    NOTHING_GIVEN,
    Block,
    Branch,
    Data,
    Expression,
    Given,
    Part,
    Print,
    PrintLink,
    Source,
)
from outreach.rendering.values import FIELDS, LINKS, RESOURCES, views_of
from outreach.rendering.wordings import wordings_of

MAX_LOOP = 200
"""Turns of one loop."""

MAX_PARTS = 5_000
"""Parts of one text with its loops unrolled."""

MAX_NODES = 500
"""Parts of one expression with its `set` names replaced."""

MAX_DEPTH = 40
"""Blocks inside one another."""


class _Stop(Exception):
    pass


class _Expander:
    def __init__(self, source: Source, hub: Hub, given: Given) -> None:
        self.source = source
        self.given = given
        self.hub = hub
        self.env: CopySandbox = copy_environment()
        self.faults: list[Fault] = []
        self.parts = 0
        self.wordings: dict[int, str] = {}

    def run(self) -> Block:
        tree = self._parse()
        if tree is None:
            return ()
        self.wordings = wordings_of(self.env, tree, self.source.text)
        listed = self.given.resources
        known: dict[str, object] = {} if listed is None else {RESOURCES: views_of(listed)}
        block = self._block(tree.body, Scope({}, known))
        return tuple(block)

    def _parse(self) -> nodes.Template | None:
        try:
            return self.env.parse(self.source.text)
        except TemplateSyntaxError as error:
            message = (error.message or "it is no template").rstrip(".")
            self._fault(*syntax_words(self.source.text, error.lineno, message))
        except RecursionError:
            self._fault(1, "this is nested too deeply")
        return None

    def _words(self, node: nodes.Node) -> str:
        return self.wordings.get(id(node), "…")

    def _fault(self, lineno: int, message: str) -> None:
        fault = self.source.fault(lineno, message)
        if fault not in self.faults:
            self.faults.append(fault)

    def _block(self, body: Sequence[nodes.Node], scope: Scope) -> list[Part]:
        block: list[Part] = []
        for node in body:
            try:
                self._statement(node, scope, block)
            except _Stop:
                continue
        return block

    def _statement(self, node: nodes.Node, scope: Scope, block: list[Part]) -> None:
        self._count(node)
        if scope.depth > MAX_DEPTH:
            self._stop(node, "this is nested too deeply")
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                try:
                    block.append(self._printed(child, scope))
                except _Stop:
                    continue
        elif isinstance(node, nodes.If):
            block.append(self._branch([node, *node.elif_], node.else_, scope))
        elif isinstance(node, nodes.For):
            block.extend(self._loop(node, scope))
        elif isinstance(node, nodes.Assign):
            self._set(node, scope)
        else:
            self._stop(node, unsupported(node))

    def _count(self, node: nodes.Node) -> None:
        self.parts += 1
        if self.parts == MAX_PARTS:
            self._fault(node.lineno, "the loops here make too long a text; make them shorter")
        if self.parts >= MAX_PARTS:
            raise _Stop

    def _stop(self, node: nodes.Node, message: str) -> NoReturn:
        self._fault(node.lineno, message)
        raise _Stop

    def _printed(self, node: nodes.Node, scope: Scope) -> Data | Print | PrintLink:
        self._count(node)
        if isinstance(node, nodes.TemplateData):
            return Data(node.data)
        path = chain(node)
        if path and path[0] == "links" and len(path) == 2 and path[1] in LINKS:
            return PrintLink(LINKS.index(path[1]))
        return Print(self._expression(node, self._words(node), scope))

    def _branch(self, arms: Sequence[nodes.If], last: Sequence[nodes.Node], scope: Scope) -> Branch:
        first, *others = arms
        inner = replace(scope, in_branch=True, depth=scope.depth + 1)
        test = self._expression(first.test, self._words(first), scope)
        then = tuple(self._block(first.body, inner))
        otherwise: Block = ()
        if others:
            otherwise = (self._branch(others, last, scope),)
        elif last:
            otherwise = tuple(self._block(last, inner))
        return Branch(test, then, otherwise)

    def _set(self, node: nodes.Assign, scope: Scope) -> None:
        if not isinstance(node.target, nodes.Name):
            self._stop(node, "{% set %} takes one name and one value: {% set greeting = ... %}")
        name = node.target.name
        if scope.in_branch:
            said = f"{{% set {name} %}} cannot stand inside {{% if %}} or {{% for %}}"
            self._stop(node, f"{said}; write {{% set {name} = a if test else b %}} before it")
        if name in FIELDS or name == "loop":
            self._stop(node, f"“{name}” is taken; choose another name to set")
        scope.replaced[name] = self._expression(node.node, "", scope).node

    def _loop(self, node: nodes.For, scope: Scope) -> list[Part]:
        if node.recursive:
            self._stop(node, "a loop cannot be recursive in campaign copy")
        names = self._loop_names(node, scope)
        over = self._expression(node.iter, self._words(node), scope)
        if over.fields or over.uses_edition:
            said = "a loop cannot run over something about the reader or the edition"
            self._stop(node, f"{said}; loop over a list, and put {{% if %}} inside the loop")
        turns = self._turns(node, over, names, scope)
        if not turns:
            return self._block(node.else_, replace(scope, in_branch=True, depth=scope.depth + 1))
        block: list[Part] = []
        for turn in turns:
            block.extend(self._turn(node, turn))
        return block

    def _loop_names(self, node: nodes.For, scope: Scope) -> list[str]:
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        names = [target.name for target in targets if isinstance(target, nodes.Name)]
        if len(names) != len(targets):
            self._stop(node, "a loop takes plain names: {% for area in hub.areas %}")
        for name in names:
            if name in FIELDS or name in scope.names() or name == "loop":
                self._stop(node, f"“{name}” is taken; choose another name for the loop")
        return names

    def _turns(
        self, node: nodes.For, over: Expression, names: list[str], scope: Scope
    ) -> list[Scope]:
        items = self._items(node, over, names)
        turns = [
            replace(
                scope,
                replaced=dict(scope.replaced),
                bound={**scope.bound, **dict(zip(names, item, strict=True))},
                place=f"{scope.place}/{node.lineno}.{id(node)}.{number}",
                in_branch=True,
                depth=scope.depth + 1,
            )
            for number, item in enumerate(items)
        ]
        if node.test is None:
            return numbered(turns)
        kept = []
        for turn in turns:
            test = self._expression(node.test, self._words(node), turn)
            if test.fields or test.uses_edition:
                self._check_filtered(node)
                return [one.without_loop() for one in turns]
            if self._constant(node, test):
                kept.append(turn)
        return numbered(kept)

    def _turn(self, node: nodes.For, turn: Scope) -> list[Part]:
        body = self._block(node.body, turn)
        if node.test is None or "loop" in turn.bound:
            return body
        test = self._expression(node.test, self._words(node), turn)
        return [Branch(test, tuple(body), ())]

    def _check_filtered(self, node: nodes.For) -> None:
        if node.else_:
            said = "{% else %} of a loop that is filtered by the reader is not supported"
            self._stop(node, f"{said}; put {{% if %}} inside the loop")

    def _items(
        self, node: nodes.For, over: Expression, names: list[str]
    ) -> list[tuple[object, ...]]:
        found = self._constant(node, over)
        if isinstance(found, str | Undefined) or not isinstance(found, Iterable):
            self._stop(node, "this loop runs over one value; it needs a list")
        items: list[tuple[object, ...]] = []
        for item in found:
            parts = (item,) if len(names) == 1 else item
            if not isinstance(parts, tuple | list) or len(parts) != len(names):
                self._stop(node, f"each turn of this loop needs {len(names)} values")
            items.append(tuple(parts))
            if len(items) > MAX_LOOP:
                self._stop(node, f"this loop runs more than {MAX_LOOP} times")
        return items

    def _constant(self, node: nodes.Node, expression: Expression) -> object:
        try:
            return evaluate(self.env, expression, self.hub)
        except InputError as error:
            self.faults.extend(f for f in error.faults if f not in self.faults)
            raise _Stop from None

    def _expression(self, node: nodes.Node, text: str, scope: Scope) -> Expression:
        found = list(problems(node, scope.names(), self.env.filters, self.env.tests))
        for lineno, message in found:
            self._fault(lineno, message)
        for message in arm_problems(cast("nodes.Expr", node), self.given.arms):
            found.append((node.lineno, message))
            self._fault(node.lineno, message)
        if found:
            raise _Stop
        whole = scope.resolve(cast("nodes.Expr", node))
        if sum(1 for _ in whole.find_all(nodes.Node)) > MAX_NODES:
            self._stop(node, "this expression is too long; make it simpler")
        roots = roots_of(whole)
        self._refuse_mixtures(node, roots)
        bound = tuple((name, value) for name, value in scope.bound.items() if name in roots)
        return Expression(
            node=whole,
            text=text,
            file=self.source.file,
            line=self.source.line(node.lineno),
            bound=bound,
            identity=f"{whole!r}{scope.place if bound else ''}",
            fields=fields_of(whole),
            uses_edition="edition" in roots,
        )

    def _refuse_mixtures(self, node: nodes.Node, roots: frozenset[str]) -> None:
        if RESOURCES in roots and self.given.resources is None:
            said = "there are no resources here: add the field resources, or digest, in the head"
            self._stop(node, said)
        if "links" in roots:
            self._stop(node, "a link is printed by itself: {{ links.unsubscribe }}")
        if "edition" in roots and (readers := sorted(roots & {"contact", ARM})):
            said = f"one expression cannot use both {readers[-1]} and edition"
            self._stop(node, f"{said}; use two, one inside the other where they are tests")


def expand(
    source: Source, hub: Hub, given: Given = NOTHING_GIVEN
) -> tuple[Block, tuple[Fault, ...]]:
    """Take a template apart. Returns its parts and every fault found, each with its line.

    `given` is what the campaign brings into its copy. Where there are faults the parts are
    incomplete and must not be rendered.
    """
    expander = _Expander(source, hub, given)
    block = expander.run()
    return block, tuple(sorted(expander.faults, key=lambda fault: fault.line))
