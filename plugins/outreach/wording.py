"""Turning what a schema found into a comms officer's words: the nearest name, the right line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from outreach.errors import Fault
from outreach.settings import ROOT
from outreach.yamlfile import Located


def suggest(wrong: str, right: Iterable[str]) -> str:
    """Return `; did you mean “x”?`, or the whole choice where nothing is near."""
    choice = list(right)
    lowered = {name.lower(): name for name in choice}
    near = get_close_matches(wrong.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"; did you mean “{lowered[near[0]]}”?"
    return f"; choose from: {', '.join(choice)}" if choice else ""


def shown_path(path: Path) -> str:
    """Return `path` as people know it: from the checkout's root where it stands below it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def schema_faults(
    error: ValidationError, schema: type[BaseModel], at: Located, file: str
) -> tuple[Fault, ...]:
    """Return one Fault for each thing that `schema` found wrong, in the order of the lines."""
    found = [_fault(detail, schema, at, file) for detail in error.errors()]
    return tuple(sorted(found, key=lambda fault: fault.line))


def _fault(detail: ErrorDetails, schema: type[BaseModel], at: Located, file: str) -> Fault:
    path = tuple(detail["loc"])
    name = ".".join(str(part) for part in path)
    return Fault(_words(detail, name, schema), file, at.line(path))


def _words(detail: ErrorDetails, name: str, schema: type[BaseModel]) -> str:
    kind = detail["type"]
    given = detail["input"]
    if kind == "missing":
        return f"the field “{name}” is missing; add it"
    if kind == "extra_forbidden":
        last = str(detail["loc"][-1])
        return f"there is no field “{last}” here{suggest(last, _fields(schema, detail))}"
    if kind in {"enum", "literal_error"}:
        expected = str(detail.get("ctx", {}).get("expected", ""))
        choice = [part.strip("'\" ") for part in expected.replace(" or ", ", ").split(",")]
        return f"“{name}” cannot be “{given}”{suggest(str(given), choice)}"
    if kind == "value_error":
        return str(detail.get("ctx", {}).get("error", detail["msg"]))
    if kind == "string_type":
        return f"“{name}” must be text; put quotes round it"
    return f"“{name}”: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _fields(schema: type[BaseModel], detail: ErrorDetails) -> list[str]:
    for part in detail["loc"][:-1]:
        field = schema.model_fields.get(str(part))
        inner = field.annotation if field else None
        candidates = [inner, *getattr(inner, "__args__", ())]
        nested = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if nested:
            schema = nested[0]
    return list(schema.model_fields)
