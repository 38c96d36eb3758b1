"""Images of copy: what is shown, and what is said of one that cannot be."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rendering.conftest import EDITION, HEAD, LAYOUTS, UNSUBSCRIBE, VIEW

from outreach.campaigns import Campaign, load_campaign
from outreach.domain import Reader
from outreach.errors import InputError
from outreach.hub import Hub
from outreach.rendering import compile_campaign
from outreach.rendering.checks import check
from outreach.rendering.compose import message, with_links
from outreach.rendering.imagefile import read_size
from outreach.rendering.images import MAX_BYTES, inlined
from outreach.rendering.reference import render_for

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1072, 360) + b"\x08\x03\0\0\0"
GIF = b"GIF89a" + struct.pack("<HH", 30, 20) + b"\0\0\0"
JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x11\x08" + struct.pack(">HH", 40, 50) + b"\x03" * 9

Put = Callable[..., Campaign]


@pytest.fixture
def put(hub: Hub, tmp_path: Path) -> Put:
    """Write images beside a campaign with this body, and load it."""

    def made(body: str, **files: bytes) -> Campaign:
        for folder in ("assets", "campaigns"):
            (tmp_path / folder).mkdir(exist_ok=True)
        for name, data in files.items():
            (tmp_path / "assets" / name.replace("_", ".")).write_bytes(data)
        path = tmp_path / "campaigns" / "a-test.md"
        path.write_text(HEAD.format(subject="Hello", preview="A test") + body)
        return load_campaign(path, hub)

    return made


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PNG, (".png", 1072, 360)),
        (GIF, (".gif", 30, 20)),
        (JPEG, (".jpg", 50, 40)),
        (b"<svg/>", ("", 0, 0)),
        (b"", ("", 0, 0)),
        (b"\xff\xd8\xff", (".jpg", 0, 0)),
        (JPEG[:12], (".jpg", 0, 0)),
    ],
)
def test_the_kind_and_size_of_an_image_are_in_its_first_bytes(
    data: bytes, found: tuple[str, int, int]
) -> None:
    assert read_size(data) == found


def test_an_image_has_its_content_s_address_and_a_size_that_fits(put: Put, hub: Hub) -> None:
    campaign = put("![A map]( assets/map.png)\n\n![A map](assets/map.png 'M')\n", map_png=PNG)
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    content = compiled.render(compiled.key(Reader()), EDITION)
    shown = message(content, with_links(compiled.values(Reader()), UNSUBSCRIBE, VIEW))
    assert shown == render_for(campaign, hub, LAYOUTS, Reader(), EDITION, UNSUBSCRIBE, VIEW)
    name = hashlib.blake2s(PNG, digest_size=16).hexdigest() + ".png"
    assert f'src="{EDITION.assets}/{name}"' in shown.html
    assert 'width="536" height="180"' in shown.html
    assert "[A map]" in shown.text
    assert check(campaign, hub, [("", content, compiled.values(Reader()))], {}) == ()
    assert "data:image/png;base64," in inlined(shown.html, {name: ("image/png", PNG)}.get)
    assert inlined(shown.html, {}.get) == shown.html


def test_another_image_under_the_same_name_is_other_content(put: Put, hub: Hub) -> None:
    before = put("![A map](assets/map.png)", map_png=PNG).content_hash(hub, LAYOUTS)
    assert put("![A map](assets/map.png)", map_png=PNG).content_hash(hub, LAYOUTS) == before
    assert put("![A map](assets/map.png)", map_png=PNG + b"!").content_hash(hub, LAYOUTS) != before


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("![A map](assets/mpa.png)", "no mpa.png in"),
        ("![A map](assets/mpa.png)", "did you mean “map.png”?"),
        ("![](assets/map.png)", "needs words for people who cannot see it"),
        ("![A map](map.png)", "write ![A map](assets/map.png)"),
        ("![A map](C:\\pictures\\map.png)", "write ![A map](assets/map.png)"),
        ("![A map](assets/../map.png)", "there is no ../map.png"),
        ("![A map](assets/big.png)", f"make it smaller, {MAX_BYTES // 1024} KB at most"),
        ("![A map](assets/drawing.svg)", "save it as a PNG, JPEG or GIF"),
        ("![A map](assets/gif.png)", "is not a PNG image; save it again as a GIF"),
        ("![A map](assets/text.png)", "is not a PNG image; save it again as a PNG"),
        ("![A map](assets/huge.png)", "is 9000 by 360 pixels"),
    ],
)
def test_an_image_that_cannot_be_shown_is_told_with_its_line(
    put: Put, written: str, words: str
) -> None:
    files = {
        "map_png": PNG,
        "big_png": PNG + b"x" * MAX_BYTES,
        "drawing_svg": b"<svg/>",
        "gif_png": GIF,
        "text_png": b"hello",
        "huge_png": PNG.replace(struct.pack(">I", 1072), struct.pack(">I", 9000)),
    }
    with pytest.raises(InputError) as caught:
        put(f"Hi\n\n{written}\n", **files)
    (fault,) = caught.value.faults
    assert fault.line == 11
    assert words in fault.message
