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

SLUG = r"^[a-z0-9][a-z0-9-]*$"
"""What names of sources are made of."""

_NUMBER, _YES_NO = "must be a number", "must be true or false"
_MUST = {
    "list_type": "must be a list: each of its entries begins with a hyphen and a space",
    "tuple_type": "must be a list: each of its entries begins with a hyphen and a space",
    "model_type": "must have fields, each as name: value",
    "dict_type": "must have fields, each as name: value",
    "string_too_short": "must not be empty",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": "must be a whole number",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
}
_BOUNDS = {"ge": "{} or more", "le": "{} or less", "gt": "more than {}", "lt": "less than {}"}


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
    return f"{f'“{name}”' if name else 'the file'} {_must(detail)}"


def _must(detail: ErrorDetails) -> str:
    """Return what a value must be, after its name."""
    kind, bounds = detail["type"], detail.get("ctx", {})
    if kind in _MUST:
        return _MUST[kind]
    for name, words in _BOUNDS.items():
        if name in bounds and kind.startswith(("greater", "less")):
            return f"must be {words.format(bounds[name])}"
    if kind == "string_pattern_mismatch" and bounds.get("pattern") == SLUG:
        return f"cannot be “{detail['input']}”; use small letters, digits and hyphens only"
    return f"is not right: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _fields(schema: type[BaseModel], detail: ErrorDetails) -> list[str]:
    for part in detail["loc"][:-1]:
        field = schema.model_fields.get(str(part))
        inner = field.annotation if field else None
        candidates = [inner, *getattr(inner, "__args__", ())]
        nested = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if nested:
            schema = nested[0]
    return list(schema.model_fields)
