"""Images of campaign copy: `![what it shows](assets/map.png)`, read from the assets folder."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from markdown_it.token import Token

from outreach.errors import Fault, InputError
from outreach.rendering.imagefile import read_size
from outreach.rendering.structure import Source
from outreach.wording import shown_path, suggest

FOLDER = "assets/"
"""How an image's address begins in copy."""

MAX_BYTES = 200 * 1024
MAX_PIXELS = 4_000
WIDTH = 536
"""CSS pixels of the standard layout's column: no image is shown wider."""

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}

_WRITTEN = re.compile(r"!\[([^\]\n]*)\]\([ \t]*([^)\s]*)[^)\n]*\)")
_ADDRESS = re.compile(r"https?://[^\s\"<>]*/assets/([0-9a-f]{32}\.(?:png|jpg|gif))")


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a campaign. `written` is its address in copy; `name`, hash and ending, in mail.

    `width` and `height` are its own, in pixels.
    """

    written: str
    name: str
    kind: str
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in CSS pixels as the standard layout shows it."""
        if self.width <= WIDTH:
            return self.width, self.height
        return WIDTH, max(1, round(self.height * WIDTH / self.width))


def images_of(source: Source, folder: Path) -> tuple[tuple[Image, ...], tuple[Fault, ...]]:
    """Return the images that a text shows, and a Fault for each that cannot be, with its line."""
    found: dict[str, Image] = {}
    faults: list[Fault] = []
    for number, line in enumerate(source.text.split("\n"), 1):
        for alt, written in _WRITTEN.findall(line):
            if said := _problem(alt, written):
                faults.append(source.fault(number, said))
            elif written.startswith(FOLDER) and written not in found:
                try:
                    found[written] = _load(folder, written)
                except InputError as error:
                    faults += [source.fault(number, fault.message) for fault in error.faults]
    return tuple(found.values()), tuple(faults)


def _problem(alt: str, written: str) -> str:
    if re.match(r"https?://|\{\{", written):
        return ""  # judged by the checks, as links are
    if not alt.strip():
        said = "this image needs words for people who cannot see it"
        return f"{said}: ![A map of London's five areas]({written})"
    if written.startswith(FOLDER):
        return ""
    name = written.rsplit("/", 1)[-1].rsplit("\\", 1)[-1] or "map.png"
    return f"put the image into templates/assets, and write ![{alt}]({FOLDER}{name})"


def _load(folder: Path, written: str) -> Image:
    name = written.removeprefix(FOLDER)
    path = folder / name
    if "/" in name or "\\" in name or name.startswith(".") or not path.is_file():
        there = sorted(p.name for p in folder.glob("*") if p.suffix.lower() in KINDS)
        raise InputError(f"there is no {name} in {shown_path(folder)}{suggest(name, there)}")
    if path.suffix.lower() not in KINDS:
        raise InputError(f"{name} cannot be shown in emails; save it as a PNG, JPEG or GIF")
    status = path.stat()
    if status.st_size > MAX_BYTES:
        size, most = status.st_size // 1024, MAX_BYTES // 1024
        raise InputError(f"{name} has {size} KB; make it smaller, {most} KB at most")
    return _read(path, written, status.st_mtime_ns)


@lru_cache(maxsize=500)
def _read(path: Path, written: str, _changed: int) -> Image:
    data = path.read_bytes()
    ending, width, height = read_size(data)
    kind = KINDS.get(ending, "")
    if not kind or kind != KINDS[path.suffix.lower()]:
        real = ending.lstrip(".").upper() or "image"
        said = f"{path.name} is not a {path.suffix.lstrip('.').upper()} image"
        raise InputError(f"{said}; save it again as a {real if kind else 'PNG'}")
    if not (0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS):
        said = f"{path.name} is {width} by {height} pixels"
        raise InputError(f"{said}; make it {MAX_PIXELS} at most, {2 * WIDTH} wide is plenty")
    digest = hashlib.blake2s(data, digest_size=16).hexdigest()
    return Image(written, digest + ending, kind, width, height, data)


def place_images(tokens: Sequence[Token], images: Mapping[str, Image], base: str) -> None:
    """Give each image of the tokens its lasting address under `base`, and its size."""
    for token in _images_in(tokens):
        image = images.get(str(token.attrGet("src")))
        if image is not None:
            width, height = image.shown
            token.attrSet("src", f"{base}/{image.name}")
            token.attrSet("width", str(width))
            token.attrSet("height", str(height))


def _images_in(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image":
            yield token
        yield from _images_in(token.children or [])


def is_asset(url: str) -> bool:
    """Whether an address is that of one of our images."""
    return bool(_ADDRESS.fullmatch(url))


def inlined(document: str, find: Callable[[str], tuple[str, bytes] | None]) -> str:
    """Return a document in which our images need nothing fetched: their bytes stand in it.

    `find` returns the media type and the bytes of a name; an image it does not know stays.
    """

    def one(match: re.Match[str]) -> str:
        known = find(match[1])
        if known is None:
            return match[0]
        return f"data:{known[0]};base64,{base64.b64encode(known[1]).decode()}"

    return _ADDRESS.sub(one, document)
