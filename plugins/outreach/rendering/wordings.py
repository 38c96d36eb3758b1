"""The author's own words for each expression of a template, in the order of the text."""

from __future__ import annotations

from collections import deque

from jinja2 import Environment


class Wordings:
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
