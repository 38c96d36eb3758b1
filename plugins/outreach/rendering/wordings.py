"""The author's own words for each expression of a template, in the order of the text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from jinja2 import Environment, nodes


class _Wordings:
    """What stands between the braces of each print and each if, elif and for."""

    def __init__(self, env: Environment, text: str) -> None:
        self._prints: deque[str] = deque()
        self._tests: deque[str] = deque()
        inside: list[str] | None = None
        for _line, kind, value in env.lex(text):
            if kind in {"variable_begin", "block_begin"}:
                inside = []
            elif kind == "variable_end" and inside is not None:
                self._prints.append("".join(inside).strip())
                inside = None
            elif kind == "block_end" and inside is not None:
                word, _, rest = "".join(inside).strip().partition(" ")
                if word in {"if", "elif", "for"}:
                    self._tests.append(rest.strip())
                inside = None
            elif inside is not None:
                inside.append(value)

    def next_print(self) -> str:
        """Return the words of the next `{{ }}`."""
        return self._prints.popleft() if self._prints else "…"

    def next_test(self) -> str:
        """Return the words of the next `{% if %}`, `{% elif %}` or `{% for %}`."""
        return self._tests.popleft() if self._tests else "…"


def wordings_of(env: Environment, tree: nodes.Template, text: str) -> dict[int, str]:
    """Return the words of each print, if, elif and for, by the id of its node in `tree`.

    The tree must outlive the answer, so that no id is used twice.
    """
    words = _Wordings(env, text)
    found: dict[int, str] = {}

    def walk(body: Iterable[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                printed = (n for n in node.nodes if not isinstance(n, nodes.TemplateData))
                found.update({id(child): words.next_print() for child in printed})
            elif isinstance(node, nodes.If | nodes.For):
                found[id(node)] = words.next_test()
                walk(node.body)
                walk(getattr(node, "elif_", ()))
                walk(node.else_)

    walk(tree.body)
    return found
