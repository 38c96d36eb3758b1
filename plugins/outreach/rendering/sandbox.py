"""The one Jinja environment that reads campaign copy: no calls, few filters, bounded work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.rendering.values import listed, london_date, london_day, thousands

_JINJA_FILTERS = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "reverse",
    "round",
    "sort",
    "string",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
)


class CopySandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which an expression cannot grow text or numbers without bound."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Work out `left operator right`, for plain numbers only. Raises SecurityError else."""
        if operator == "**" or not all(isinstance(v, int | float) for v in (left, right)):
            raise SecurityError(f"“{operator}” works on plain numbers only")
        return super().call_binop(context, operator, left, right)


def copy_environment(finalize: Callable[[object], str] | None = None) -> CopySandbox:
    """Return an environment for campaign copy; `finalize` sees every printed value."""
    env = CopySandbox(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        finalize=finalize,
    )
    env.globals.clear()
    env.filters.clear()
    env.filters.update({name: FILTERS[name] for name in _JINJA_FILTERS})
    ours = {
        "london_date": london_date,
        "london_day": london_day,
        "thousands": thousands,
        "listed": listed,
    }
    env.filters.update(ours)
    return env
