"""The text part: the same Markdown tokens as the HTML, links kept, never hard-wrapped."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from outreach.rendering.components.tokens import component_of


def to_plain(tokens: Sequence[Token]) -> str:
    """Return block tokens as plain text: blocks with an empty line between, one line each."""
    return _blocks(SyntaxTreeNode(list(tokens)).children)


def _blocks(nodes: Sequence[SyntaxTreeNode], between: str = "\n\n") -> str:
    parts = [_block(node) for node in nodes]
    return between.join(part for part in parts if part)


def _block(node: SyntaxTreeNode) -> str:
    if node.type in {"bullet_list", "ordered_list"}:
        return _list(node)
    if node.type == "table":
        return _table(node)
    if node.type == "blockquote":
        return _indented(_blocks(node.children), "> ", "> ")
    if node.type in {"fence", "code_block"}:
        return _indented(node.content.rstrip("\n"), "    ", "    ")
    if node.type == "hr":
        return "* * *"
    if node.type == "step":
        lead = f"{node.meta['number']}. "
        return _indented(_blocks(node.children), lead, " " * len(lead))
    if node.type.startswith("container_"):
        return _component(node)
    return "".join(_inline(child) for child in node.children)


def _list(node: SyntaxTreeNode) -> str:
    start = int(str(node.attrs.get("start", 1)))
    tight = all(p.hidden for item in node.children for p in item.children if p.type == "paragraph")
    gap = "\n" if tight else "\n\n"
    items = []
    for number, item in enumerate(node.children, start):
        lead = "- " if node.type == "bullet_list" else f"{number}. "
        items.append(_indented(_blocks(item.children, gap), lead, " " * len(lead)))
    return gap.join(items)


def _component(node: SyntaxTreeNode) -> str:
    label = "".join(_block(child) for child in node.children if child.meta.get("label"))
    body = _blocks([child for child in node.children if not child.meta.get("label")])
    component = component_of(node.type)
    return component.plain(label, body) if component else body


def _table(node: SyntaxTreeNode) -> str:
    """Return each row as `Header: cell; Header: cell`, which reads well aloud."""
    rows = [row for part in node.children for row in part.children]
    cells = [[_block(cell) for cell in row.children] for row in rows]
    heads, *lines = cells
    pairs = [zip(heads, line, strict=False) for line in lines]
    return "\n".join("; ".join(f"{h}: {c}" if h else c for h, c in pair) for pair in pairs)


def _indented(text: str, first: str, other: str) -> str:
    lines = text.split("\n")
    rest = [other + line if line else other.rstrip() for line in lines[1:]]
    return "\n".join([first + lines[0], *rest])


def _inline(node: SyntaxTreeNode) -> str:
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak":
        return "\n"
    if node.type == "image":
        return f"[{node.content}]" if node.content else ""
    if node.type == "inline":
        return "\n".join(_line(line) for line in _lines(node.children))
    if node.type == "link":
        return _link(node, "{text} ({url})")
    if node.children:
        return "".join(_inline(child) for child in node.children)
    return node.content


def _lines(children: Sequence[SyntaxTreeNode]) -> list[list[SyntaxTreeNode]]:
    lines: list[list[SyntaxTreeNode]] = [[]]
    for child in children:
        if child.type == "hardbreak":
            lines.append([])
        else:
            lines[-1].append(child)
    return lines


def _line(nodes: Sequence[SyntaxTreeNode]) -> str:
    if len(nodes) == 1 and nodes[0].type == "link":
        return _link(nodes[0], "{text}: {url}")
    return "".join(_inline(node) for node in nodes)


def _link(node: SyntaxTreeNode, form: str) -> str:
    text = "".join(_inline(child) for child in node.children)
    url = str(node.attrs.get("href", "")).removeprefix("mailto:")
    if not text or text == url:
        return url
    return form.format(text=text, url=url)
