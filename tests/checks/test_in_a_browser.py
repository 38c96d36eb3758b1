"""Every variant of every campaign in a real browser: axe in light and dark, narrow, images off.

All variants are opened; axe looks at each that is built otherwise than those before it, since
other words in the same boxes change nothing of what it judges.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from tests.rendering.conftest import EDITION, LAYOUTS, UNSUBSCRIBE, VIEW, hub

from outreach.campaigns import load_campaign
from outreach.checks.document import read_document
from outreach.checks.readers import samples
from outreach.hub import Hub
from outreach.rendering import compile_campaign
from outreach.rendering.compose import Message, message, with_links

pytestmark = pytest.mark.browser

__all__ = ["hub"]

CAMPAIGNS = sorted((LAYOUTS.parent / "campaigns").glob("*.md"))
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
WIDTHS = (320, 600)
_TEXT = re.compile(r">[^<]+<")
_SAID = re.compile(r'\b(href|src|alt|title)="[^"]+"')
_LIMITS = "() => [document.documentElement.scrollWidth, innerWidth, document.body.innerText.length]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed here; CI has it")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """A page without a network, so without images."""
    return browser.new_context(offline=True).new_page()


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """What was looked at by axe already."""
    return set()


def variants(hub: Hub, path: Path) -> list[Message]:
    compiled = compile_campaign(load_campaign(path, hub), hub, LAYOUTS)
    made = samples(compiled, hub, EDITION)
    return [message(one.content, with_links(one.values, UNSUBSCRIBE, VIEW)) for one in made]


def built(html: str) -> str:
    """How a message is built: the kinds of boxes in it, whatever their words, links and number."""
    bare = _SAID.sub(r'\1="said"', _TEXT.sub("><", html).replace("\n", ""))
    return "\n".join(sorted(set(bare.split("<"))))


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_every_variant_of_a_campaign_reads_well(
    hub: Hub, page: Page, seen: set[str], path: Path
) -> None:
    for shown in variants(hub, path):
        page.set_content(shown.html)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide, window, letters = page.evaluate(_LIMITS)
            assert wide <= window, f"it scrolls sideways at {width} px"
            assert letters > 200
        for image in read_document(shown.html).images:
            assert image.alt
        if (kind := built(shown.html)) not in seen:
            seen.add(kind)
            assert violations(page) == []


def violations(page: Page) -> list[str]:
    """What axe finds, in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for one in Axe().run(page, options=RULES).response["violations"]:
            found += [f"{scheme}: {one['id']} at {node['html']}" for node in one["nodes"]]
    return found


def test_a_bad_message_is_told_by_the_browser_too(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(
        "<html><body><div style='width: 700px; color: #ddd; background: #fff'>Faint</div>"
        "<img src='a.png'></body></html>"
    )
    wide, window, _ = page.evaluate(_LIMITS)
    assert wide > window
    told = " ".join(violations(page))
    assert all(rule in told for rule in ("color-contrast", "image-alt", "html-has-lang"))
