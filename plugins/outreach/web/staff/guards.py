"""Who may see and who may act: handed in by whoever mounts the app; and the CSRF check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException, Request


@dataclass(frozen=True, slots=True)
class Guards:
    """FastAPI dependencies that the staff app relies on; it authenticates nobody itself.

    `read` and `act` raise HTTPException 401 (nobody is logged in) or 403 (this person may not).
    `who` gives the logged-in person's Airflow user id; it may take `request: Request`.
    `may` says whether they would pass `act`, once `read` has let them in: whoever may not act
    sees addresses masked.
    """

    read: Callable[..., Any]
    act: Callable[..., Any]
    who: Callable[..., Any]
    may: Callable[[Request], bool] = lambda _request: False


def seeing(guard: Guards) -> Callable[[Request], None]:
    """Return a dependency that notes on the request whether addresses may be shown whole."""

    def note(request: Request) -> None:
        request.state.may_act = guard.may(request)

    return note


def may_act(request: Request) -> bool:
    """Whether this person may act; nobody whom no guard has looked at may."""
    return bool(getattr(request.state, "may_act", False))


def possible(request: Request) -> None:
    """Refuse an address with a NUL, which no name holds. Raises HTTPException 404."""
    if any("\0" in str(part) for part in request.path_params.values()):
        raise HTTPException(404)


def same_origin(request: Request) -> None:
    """Refuse a POST that another site's page sent. Raises HTTPException 403.

    Airflow's cookie is SameSite=Lax with no origin check, so each form checks for itself.
    """
    sent_from = request.headers.get("origin") or request.headers.get("referer") or ""
    host = request.headers.get("host", "")
    if not host or urlsplit(sent_from).netloc.lower() != host.lower():
        raise HTTPException(403, "This form was not sent from Outreach's own pages.")
