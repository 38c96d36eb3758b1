"""Components in Markdown's tokens: the words of their first lines, and their HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from outreach.rendering.components import COMPONENTS
from outreach.rendering.components.base import Component
from outreach.rendering.components.steps import numbered, step_opening

_PREFIX = "container_"


def use_components(parser: MarkdownIt) -> None:
    """Teach `parser` every component."""
    for name in COMPONENTS:
        container_plugin(parser, name, validate=_named(name), render=_render)
    parser.add_render_rule("step_open", _step_open)
    parser.add_render_rule("step_close", _step_close)
    # Before the inline rule, so that the words of a first line are read as Markdown too.
    parser.core.ruler.after("block", "component_labels", _labelled)


def component_of(kind: str) -> Component | None:
    """Return the component of a token's or a node's type, or None."""
    name = kind.removeprefix(_PREFIX).removesuffix("_open").removesuffix("_close")
    return COMPONENTS.get(name) if kind.startswith(_PREFIX) else None


def words_of(info: str) -> str:
    """Return what stands after a component's name on its first line."""
    return info.strip().partition(" ")[2].strip()


def _named(name: str) -> Any:
    return lambda params, _markup: params.strip().partition(" ")[0] == name


def _render(_: Any, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
    token = tokens[idx]
    component = component_of(token.type)
    if component is None:
        return ""
    return component.opening(words_of(token.info)) if token.nesting == 1 else component.closing


def _step_open(_: Any, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
    return step_opening(int(tokens[idx].meta["number"]))


def _step_close(_: Any, _tokens: Sequence[Token], _idx: int, _options: Any, _env: Any) -> str:
    return "</td></tr></tbody></table>\n"


def _labelled(state: StateCore) -> None:
    state.tokens = _with_labels(state.tokens)


def _with_labels(tokens: list[Token]) -> list[Token]:
    done: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        component = component_of(token.type)
        if component is None or token.nesting != 1:
            done.append(token)
            index += 1
            continue
        end = _end_of(tokens, index)
        done += _one(component, token, tokens[end], _with_labels(tokens[index + 1 : end]))
        index = end + 1
    return done


def _end_of(tokens: Sequence[Token], start: int) -> int:
    level = tokens[start].level
    return next(
        n
        for n in range(start + 1, len(tokens))
        if tokens[n].level == level and tokens[n].nesting == -1
    )


def _one(component: Component, first: Token, last: Token, inside: list[Token]) -> list[Token]:
    if component.name == "steps":
        inside = numbered(inside)
    label = component.label(words_of(first.info))
    if label is None:
        return [first, *inside, last]
    words = _paragraph(label.text, label.css, first)
    return [first, *inside, *words, last] if label.last else [first, *words, *inside, last]


def _paragraph(text: str, css: str, first: Token) -> list[Token]:
    level = first.level + 1
    opening = Token("paragraph_open", "p", 1, block=True, level=level, map=first.map)
    opening.attrSet("class", css)
    opening.meta = {"label": True}
    inline = Token("inline", "", 0, content=text, level=level + 1, map=first.map, children=[])
    return [opening, inline, Token("paragraph_close", "p", -1, block=True, level=level)]
