"""Copy taken apart: what stands in it, what it prints and what it asks."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import nodes

from outreach.domain import Resource
from outreach.errors import Fault


@dataclass(frozen=True, slots=True)
class Source:
    """One templated text of a campaign: `first_line` is the file line of its first line.

    `spread` is False where all its lines come from one field of the front matter. `lines` says
    which line of the body each line was, where components were written out; else it is empty.
    `arm` is whose text this is, '' for all.
    """

    name: str
    text: str
    file: str
    first_line: int
    spread: bool = True
    lines: tuple[int, ...] = ()
    arm: str = ""

    def line(self, number: int) -> int:
        """Return the file line of line `number` (from 1) of the text."""
        if not self.spread:
            return self.first_line
        if self.lines:
            number = self.lines[min(number, len(self.lines)) - 1]
        return self.first_line + number - 1

    def fault(self, number: int, message: str) -> Fault:
        """Return a Fault at line `number` (from 1) of the text."""
        return Fault(message, self.file, self.line(number))


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A printed or asked expression in its place.

    `node`: Jinja's tree, `{% set %}` names already replaced. `text`: as the author wrote it.
    `line`: in the file. `bound`: loop names and their values there. `identity`: equal for two
    expressions that always have equal values. `fields`: the contact's fields it depends on.
    """

    node: nodes.Expr
    text: str
    file: str
    line: int
    bound: tuple[tuple[str, object], ...]
    identity: str
    fields: tuple[str, ...]
    uses_edition: bool


@dataclass(frozen=True, slots=True)
class Data:
    """Text that stands in the copy as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Print:
    """`{{ expression }}`."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class PrintLink:
    """`{{ links.unsubscribe }}` or `{{ links.view }}`, by its slot."""

    slot: int


@dataclass(frozen=True, slots=True)
class Branch:
    """`{% if test %}then{% else %}otherwise{% endif %}`; an elif is a branch in `otherwise`."""

    test: Expression
    then: Block
    otherwise: Block


@dataclass(frozen=True, slots=True)
class Given:
    """What a campaign's own fields bring into its copy: its resources, and its arms' names."""

    resources: tuple[Resource, ...] = ()
    arms: tuple[str, ...] = ()


NOTHING_GIVEN = Given()

Part = Data | Print | PrintLink | Branch
Block = tuple[Part, ...]
