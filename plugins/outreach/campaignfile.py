"""A campaign's file taken apart: its text, its head of fields, its body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.frontmatter import FrontMatter, SegmentForm
from outreach.headslips import head_slips, kind_problem, misplaced, missing_fence
from outreach.wording import shown_path
from outreach.yamlfile import Located, read_yaml

_MAX_BYTES = 256 * 1024
_FENCE = "---"


def read_source(path: Path, file: str) -> str:
    """Return a campaign file's text, its lines ending in line feeds. Raises InputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(Fault(f"this file cannot be read: {error.strerror}", file)) from None
    if len(data) > _MAX_BYTES:
        raise InputError(Fault(f"this file is over {_MAX_BYTES // 1024} KB; shorten it", file))
    if said := kind_problem(data):
        raise InputError(Fault(said, file))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        said = "a letter here is not UTF-8; save the file again as plain text in UTF-8"
        raise InputError(Fault(said, file, line)) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_head(source: str, file: str) -> tuple[str, str, int]:
    """Return the head, the body, and the body's first line in the file. Raises InputError."""
    lines = source.split("\n")
    if lines[0].rstrip() != _FENCE:
        said = "the first line must be ---, then the fields, then --- again, then the text"
        raise InputError(Fault(said, file, 1))
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    place, said = missing_fence(lines)
    raise InputError(Fault(said, file, place))


def read_head(head: str, file: str) -> Located:
    """Return the fields of a head, whose first line is line 2. Raises InputError."""
    try:
        at = read_yaml(head, file, first_line=2)
    except InputError as error:
        slips = head_slips(head, file, 2, FrontMatter.model_fields)
        raise InputError(*(slips or error.faults)) from None
    inner = SegmentForm.model_fields.keys() - FrontMatter.model_fields.keys()
    if slips := misplaced(at.data, head, file, 2, inner):
        raise InputError(*slips)
    return at


def campaign_files(paths: Iterable[Path], faults: dict[str, tuple[Fault, ...]]) -> Iterator[Path]:
    """Yield each campaign file of `paths` (folders, or single files); one that is not there
    stands in `faults` then."""
    for path in paths:
        if path.is_dir():
            found = (p for p in sorted(path.glob("*.md")) if p.name[0] not in "._")
            yield from (p for p in found if p.stem.lower() != "readme")
        elif path.exists():
            yield path
        else:
            file = shown_path(path)
            said = "there is no such folder or file; check OUTREACH_CAMPAIGNS"
            faults[file] = (Fault(said, file),)
