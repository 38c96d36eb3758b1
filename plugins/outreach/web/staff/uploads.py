"""A list that a person sends from the imports page: bounded, kept nowhere, taken like any other."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from outreach.errors import InputError
from outreach.flows.imports import import_file
from outreach.records import ImportKind, ImportResult

if TYPE_CHECKING:
    from outreach.workspace import Workspace

LARGEST = 20 << 20
"""Bytes of the largest file that is taken this way; a larger one goes into the inbox folder."""

_AROUND = 1 << 16
_LONGEST_FIELD = 2_000
_WITH_BASIS = (ImportKind.CONTACTS.value, ImportKind.PLEDGES.value)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed beside the file. `shrunk` is "yes" where it may be smaller than the last,
    `lost` where a column of the last one may be missing."""

    kind: str = ""
    source: str = ""
    basis: str = ""
    evidence: str = ""
    wording_version: str = ""
    shrunk: str = ""
    lost: str = ""

    def constants(self) -> dict[str, str]:
        """Return what holds for every row of the file."""
        if self.kind not in _WITH_BASIS or not self.basis:
            return {}
        given = {name: getattr(self, name) for name in ("basis", "evidence", "wording_version")}
        return {name: text for name, text in given.items() if text}


async def received(request: Request, folder: Path) -> tuple[Typed, Path]:
    """Return what was typed, and the file, written below `folder` under its own name.

    Raises InputError where it is too large, or no file came.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise InputError("The file did not come with its size; choose it again.")
    if int(length) > LARGEST + _AROUND:
        raise InputError(
            f"The file is larger than {LARGEST >> 20} MB, the most that is taken on this page. "
            "Put it into the folder contacts/inbox of its kind instead."
        )
    try:
        async with request.form(max_files=1, max_fields=20, max_part_size=_AROUND) as form:
            typed, file = _typed(form), form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                raise InputError("Choose the file.")
            path = folder / _safe(file.filename)
            await run_in_threadpool(_write, file, path)
    except HTTPException:  # what Starlette makes of a form that is broken or out of bounds
        raise InputError("The form could not be read; choose the file again.") from None
    return typed, path


def take(ws: Workspace, typed: Typed, path: Path, *, by: str, via: str) -> ImportResult:
    """Take the file in. Raises InputError where the form was not filled in."""
    if typed.kind not in set(ImportKind):
        raise InputError("Choose what the rows of the file are.")
    if not typed.source:
        raise InputError("Give the list a name: the next file of it is compared with this one.")
    return import_file(
        ws,
        path,
        typed.kind,
        constants=typed.constants(),
        source=typed.source,
        by=by,
        via=via,
        allow_shrink=typed.shrunk == "yes",
        allow_lost_column=typed.lost == "yes",
    )


def _typed(form: FormData) -> Typed:
    given = {one.name: str(form.get(one.name) or "") for one in fields(Typed)}
    if any(len(text) > _LONGEST_FIELD for text in given.values()):
        raise InputError(f"Type at most {_LONGEST_FIELD} characters in each field.")
    plain = (
        " ".join("".join(c if c.isprintable() else " " for c in t).split()) for t in given.values()
    )
    return Typed(**dict(zip(given, plain, strict=True)))


def _safe(name: str) -> str:
    """Return a file's own name without folders and unseen characters, its ending kept."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    path = Path(plain.lstrip(".") or "list")
    return f"{path.stem[:80]}{path.suffix[:10]}"


def _write(file: UploadFile, path: Path) -> None:
    with path.open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
