"""Layouts: brand and structure round the copy, as a pair of files, `<name>.mjml` and `.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import css_inline
import mjml
from jinja2 import Environment, StrictUndefined, Template, TemplateError
from markupsafe import Markup

from outreach.errors import Fault, InputError
from outreach.hub import Hub
from outreach.wording import shown_path, suggest

MAX_LINE = 700
"""Octets after which a line of HTML is broken, before values enter."""

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_BLOCK_TAG = re.compile(
    r"(?<!\n)(?=</?(?:html|head|body|title|meta|style|div|table|tbody|thead|tr|td|th|p|h[1-6]|ul|"
    r"ol|li|blockquote|hr)\b|<!--\[if)"
)


@dataclass(frozen=True, slots=True)
class LayoutParts:
    """What a layout is filled with. `subject`, `preview` and `why` are plain text, `body` HTML.

    `unsubscribe` and `view` are where the two links lead (or their sentinels).
    """

    hub: Hub
    subject: str
    preview: str
    why: str
    unsubscribe: str
    view: str
    body: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout ready to fill."""

    file: str
    html: Template
    text: Template

    def to_html(self, parts: LayoutParts) -> str:
        """Return the whole document, styles inlined, lines short. Raises InputError."""
        filled = self._fill(self.html, parts, Markup(parts.body))  # noqa: S704 - made by us
        try:
            document = mjml.mjml2html(filled, disable_comments=False, fonts={})
        except ValueError as error:
            raise InputError(Fault(f"MJML cannot read this layout: {error}", self.file)) from None
        return fold(_INLINER.inline(document))

    def to_text(self, parts: LayoutParts) -> str:
        """Return the whole text part; it ends in one line feed."""
        return self._fill(self.text, parts, parts.body).strip() + "\n"

    def _fill(self, template: Template, parts: LayoutParts, body: str) -> str:
        links = {"unsubscribe": parts.unsubscribe, "view": parts.view}
        try:
            return template.render(
                hub=parts.hub,
                subject=parts.subject,
                preview=parts.preview,
                why=parts.why,
                links=links,
                body=body,
            )
        except TemplateError as error:
            said = f"this layout cannot be filled: {error.message}"
            raise InputError(Fault(said, self.file)) from None


def load_layout(folder: Path, name: str) -> Layout:
    """Return the layout called `name`. Raises InputError where it is missing or broken."""
    path = folder / f"{name}.mjml"
    file = shown_path(path)
    if not path.exists() or not path.with_suffix(".txt").exists():
        known = sorted(p.stem for p in folder.glob("*.mjml"))
        said = f"a layout is two files, {name}.mjml and {name}.txt; one is missing"
        raise InputError(Fault(said + suggest(name, known), file))
    try:
        html = _template(path.read_text(encoding="utf-8"), escaped=True)
        text = _template(path.with_suffix(".txt").read_text(encoding="utf-8"), escaped=False)
    except TemplateError as error:
        line = getattr(error, "lineno", 0) or 0
        raise InputError(Fault(f"this layout cannot be read: {error}", file, line)) from None
    return Layout(file, html, text)


@lru_cache(maxsize=100)
def _template(source: str, *, escaped: bool) -> Template:
    env = Environment(autoescape=escaped, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
    return env.from_string(source)


def fold(document: str) -> str:
    """Return the document with a line for each block, none long: HTML reads them as spaces."""
    lines = _BLOCK_TAG.sub("\n", document).split("\n")
    return "\n".join(part for line in lines for part in _short(line.rstrip()) if part) + "\n"


def _short(line: str) -> Iterator[str]:
    while len(line.encode()) > MAX_LINE:
        room = len(line.encode()[:MAX_LINE].decode(errors="ignore"))
        place = line.rfind(" ", 1, room)
        if place < 0:
            break
        yield line[:place]
        line = line[place + 1 :]
    yield line
