"""Markdown of campaign copy -> tokens -> the HTML that stands in a layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin

from outreach.rendering.components.tokens import use_components

BUTTON = "button"
"""`[Sign the pledge](https://...){.button}` is a button."""


class _Renderer(RendererHTML):
    """XHTML for MJML: buttons as cells (Outlook pads no link), header cells with a scope."""

    def paragraph_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        if is_button(tokens[idx + 1]):
            return '<table role="presentation" class="action"><tbody><tr><td class="action-cell">'
        return self.renderToken(tokens, idx, options, env)

    def paragraph_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        if is_button(tokens[idx - 1]):
            return "</td></tr></tbody></table>\n"
        return self.renderToken(tokens, idx, options, env)

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("class", "data")
        return self.renderToken(tokens, idx, options, env)

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "xhtmlOut": True}
    parser = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    use_components(parser)
    return parser.use(attrs_plugin, allowed=("class",))


_PARSER = _parser()


def parse(text: str) -> list[Token]:
    """Return the block tokens of `text`."""
    return _PARSER.parse(text)


def to_html(tokens: Sequence[Token]) -> str:
    """Return the tokens as a fragment of XHTML."""
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def is_button(inline: Token) -> bool:
    """Whether a paragraph's inline token is one link of class `button` and nothing else."""
    children = inline.children or []
    if len(children) < 2 or children[0].type != "link_open" or children[-1].type != "link_close":
        return False
    alone = sum(child.type == "link_open" for child in children) == 1
    return alone and BUTTON in str(children[0].attrGet("class") or "").split()


def attribute_texts(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield every attribute's value, links' targets included; texts for people left out."""
    for token in tokens:
        for name, value in token.attrs.items():
            if name not in {"alt", "title"}:
                yield str(value)
        yield from attribute_texts(token.children or [])
