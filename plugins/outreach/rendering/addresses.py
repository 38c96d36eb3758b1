"""Nothing about a reader may stand in a web or mail address: addresses are logged everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from outreach.errors import Fault
from outreach.rendering.markdown import attribute_texts, parse
from outreach.rendering.sentinels import Sentinels
from outreach.rendering.structure import Block, Branch, Data, Expression, Print, Source


def slots_in_addresses(text: str, sentinels: Sentinels) -> list[int]:
    """Return the slots that stand in an address of `text`, linked or merely written out."""
    linked = (s for value in attribute_texts(parse(text)) for s in sentinels.slots_in(value))
    return [*linked, *sentinels.slots_in_addresses(text)]


def address_fault(expression: str, file: str, line: int) -> Fault:
    """Return the Fault of an expression that stands in an address."""
    said = f"{{{{ {expression} }}}} would put something about the reader into an address"
    return Fault(f"{said}; take it out of the link", file, line)


def personal_addresses(source: Source, block: Block) -> list[Fault]:
    """Return a Fault for each expression about the reader in an address, all branches at once."""
    sentinels = Sentinels()
    expressions: list[Expression] = []

    def texts(parts: Block) -> Iterator[str]:
        for part in parts:
            if isinstance(part, Data):
                yield part.text
            elif isinstance(part, Branch):
                yield from texts(part.then)
                yield from texts(part.otherwise)
            elif isinstance(part, Print) and part.expression.fields:
                expressions.append(part.expression)
                yield sentinels.mark(len(expressions) - 1)
            else:
                yield sentinels.mark("")

    found = slots_in_addresses("".join(texts(block)), sentinels)
    faults = (
        address_fault(e.text, source.file, e.line) for e in map(expressions.__getitem__, found)
    )
    return list(dict.fromkeys(faults))
