"""Errors as pages: what is wrong and what to do, under the right status."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from outreach.errors import ConfigError, InputError, NotFound, OutreachError, Refused
from outreach.web.staff.pages import page

LOG = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[OutreachError], int], ...] = (
    (NotFound, 404),
    (Refused, 409),
    (InputError, 400),
    (ConfigError, 503),
)

_WORDS = {
    401: ("Please log in", "Log in to Airflow, then open this page again."),
    403: (
        "You may not do this",
        "Your Airflow role lets you look but not act, or not look at this page. "
        "Ask whoever runs Airflow for your team.",
    ),
    404: ("Page not found", "Check the address, or start again from the overview."),
}


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a page that says what to do."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(OutreachError, _ours)
    app.add_exception_handler(sa.exc.SQLAlchemyError, _ledger)
    app.add_exception_handler(Exception, _unforeseen)


def _http(request: Request, error: Any) -> HTMLResponse:
    title, words = _WORDS.get(error.status_code, (HTTPStatus(error.status_code).phrase, ""))
    if error.status_code not in (401, 404) and error.detail != title:
        words = f"{error.detail} {words}" if isinstance(error.detail, str) else words
    return _page(request, error.status_code, title, words, error.headers)


def _validation(request: Request, error: Any) -> HTMLResponse:
    if any(fault["loc"][0] == "path" for fault in error.errors()):
        return _http(request, HTTPException(404))
    words = "A part of this page's address or form makes no sense. Start from the overview."
    return _page(request, 400, "This request cannot be read", words)


def _ours(request: Request, error: Any) -> HTMLResponse:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    title = "Not found" if status == 404 else "This cannot be done now"
    return _page(request, status, title, str(error))


def _ledger(request: Request, error: Any) -> HTMLResponse:
    LOG.error("the ledger did not answer: %s", type(error).__name__)  # its text may name people
    words = "The ledger cannot be reached just now. Nothing was changed; try again in a minute."
    return _page(request, 503, "This cannot be done now", words)


def _unforeseen(request: Request, _error: Any) -> HTMLResponse:
    words = "Outreach made a mistake. Tell whoever runs Airflow for your team: it is in its log."
    return _page(request, 500, "This did not work", words)


def _page(
    request: Request, status: int, title: str, words: str, headers: Any = None
) -> HTMLResponse:
    response = page(request, "error.html", status=status, title=title, words=words)
    response.headers.update(headers or {})
    return response
