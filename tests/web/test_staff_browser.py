"""The staff pages in a real browser: no policy is broken, nothing scrolls sideways, keys do."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI, HTTPException
from playwright.sync_api import Page, sync_playwright
from tests.staff_seed import WAITING, WRES, seed

from outreach.domain import DeliveryState, EditionState
from outreach.hub import load_hub
from outreach.keys import load_keys
from outreach.ledger.editions import batch, edition
from outreach.ledger.engine import open_engine
from outreach.ledger.people import import_
from outreach.ledger.schema import metadata
from outreach.settings import ROOT, load_settings
from outreach.web.staff.app import Guards, create_staff_app
from outreach.workspace import Workspace

pytestmark = pytest.mark.browser

PAGES = (
    "",
    "campaigns",
    "calendar",
    "campaigns/what-is-wres",
    "editions",
    f"editions/{WRES}",
    f"editions/{WRES}/variants/1",
    f"editions/{WRES}/missing",
    f"editions/{WAITING}",
    f"editions/{WRES}/deliveries",
    f"editions/{WRES}/control",
    f"editions/{WRES}/progress",
    f"editions/{WRES}/doubts",
    f"editions/{WRES}/follow-up",
    f"editions/{WRES}/follow-up?campaign=never",
    "segments",
    "segments?q=pledged+or+sector+is+%22Dentistry%22",
    "segments?q=sectr+is+%22Dentistry%22+and+pledged",
    f"editions/{WRES}/audience",
    f"editions/{WRES}/test",
    "approvals",
    "campaigns/what-is-wres/hold",
    "stop",
    "engagement",
    "contacts",
    "organisations",
    "organisations/code/F83001",
    "organisations/code/F83001/type",
    "organisations/coverage",
    "organisations/doubtful",
    "organisations/doubtful/1",
    "contacts/figures",
    "people/{first}",
    "people/{first}/editions/" + WRES,
    "retention",
    "suppressions",
    "suppressions/1/lift",
    "resources",
    "resources/1",
    "resources/1/withdraw",
    "imports",
    "imports/2",
    "imports/2/rows",
    "imports/2/progress",
    "list",
    "nothing",
)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@dataclass
class Served:
    """The staff app on a port, and the ledger behind it. `reads` answers who asks for a page."""

    workspace: Workspace
    address: str = ""
    reads: Callable[[], None] = lambda: None

    def change(self, update: sa.Update, **values: object) -> None:
        """Leave the ledger as a sender would."""
        with self.workspace.engine.begin() as connection:
            connection.execute(update.values(**values))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The staff app, mounted under /outreach and served on a free port."""
    home = tmp_path_factory.mktemp("staff")
    settings = load_settings({"OUTREACH_HOME": str(home)})
    engine, keys = open_engine(settings.database_url), load_keys(settings)
    metadata.create_all(engine)
    seed(engine, keys)
    found = Served(Workspace(settings, keys, load_hub(ROOT / "hub.yaml"), engine))
    guards = Guards(
        read=lambda: found.reads(),
        act=lambda: None,
        who=lambda _request: "amy",
        may=lambda _request: True,
    )
    outer = FastAPI()
    outer.mount("/outreach", create_staff_app(lambda: found.workspace, guards))
    server = uvicorn.Server(uvicorn.Config(outer, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    found.address = f"http://127.0.0.1:{port}/outreach/"
    yield found
    server.should_exit = True
    thread.join()
    engine.dispose()


@pytest.fixture
def address(served: Served) -> str:
    """Where the staff app is served."""
    return served.address


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """A page of a real Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed here; CI has it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_breaks_no_policy_fits_a_narrow_window_and_keeps_to_accessibility(
    browser_page: Page, served: Served, page: str
) -> None:
    page = page.replace("{first}", served.workspace.keys.person_id(1))
    complaints: list[str] = []
    browser_page.on("console", lambda message: complaints.append(message.text))
    browser_page.on("pageerror", lambda error: complaints.append(str(error)))
    browser_page.set_viewport_size({"width": 320, "height": 640})
    browser_page.goto(served.address + page)
    wide = browser_page.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= 320, f"{page} is {wide} pixels wide"
    refused = [text for text in complaints if "404 (Not Found)" not in text]
    assert refused == []
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = Axe().run(browser_page, options=RULES)
    assert found.response["passes"]
    assert [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found.response["violations"]
    ] == []


def test_a_proof_is_drawn_and_runs_nothing(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}campaigns/what-is-wres")
    frame = browser_page.frames[1]
    assert "Dear Amina" in frame.locator("body").inner_text()
    assert frame.evaluate("window.origin") == "null"
    drawn = frame.evaluate("getComputedStyle(document.querySelector('h1, h2')).fontWeight")
    assert int(drawn) >= 600


def test_a_link_in_a_proof_leads_nowhere(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}campaigns/what-is-wres")
    frame = browser_page.frames[1]
    frame.locator("a[href^=https]").first.click()
    browser_page.wait_for_timeout(200)
    assert "Dear Amina" in browser_page.frames[1].locator("body").inner_text()
    assert len(browser_page.context.pages) == 1


def test_the_first_key_leads_past_the_navigation(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}editions")
    browser_page.keyboard.press("Tab")
    assert browser_page.evaluate("document.activeElement.textContent") == "Skip to the content"
    browser_page.keyboard.press("Enter")
    assert browser_page.evaluate("document.activeElement.id") == "main"


def test_an_edition_is_paused_with_keys_alone(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}editions/{WRES}/control")
    browser_page.get_by_label("Why (kept in the history)").first.focus()
    browser_page.keyboard.type("checking a figure")
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**done=pause")
    said = browser_page.get_by_role("status").filter(has_text="This edition is paused")
    assert said.is_visible()


def test_an_order_about_a_person_is_given_with_keys_alone(
    browser_page: Page, served: Served
) -> None:
    browser_page.goto(f"{served.address}people/{served.workspace.keys.person_id(5)}")
    browser_page.locator("summary", has_text="Stop mail to them").focus()
    browser_page.keyboard.press("Enter")
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("d")  # the choice that begins with it: direct marketing only
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.type("by phone")
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**done=suppress")
    assert "Objected, for direct marketing" in browser_page.inner_text("main")


def test_a_link_to_airflow_asks_airflows_router_from_inside_its_frame(
    browser_page: Page, address: str
) -> None:
    outer = address.removesuffix("outreach/")
    browser_page.route(
        f"{outer}plugin/outreach",
        lambda route: route.fulfill(
            content_type="text/html",
            body='<iframe src="/outreach/" sandbox="allow-scripts allow-same-origin allow-forms">'
            "</iframe><script>addEventListener('popstate', () => document.title = "
            "location.pathname)</script>",
        ),
    )
    browser_page.goto(f"{outer}plugin/outreach")
    browser_page.frame_locator("iframe").get_by_text("Required Actions").click()
    browser_page.wait_for_function("document.title === '/required_actions'")
    assert browser_page.url == f"{outer}required_actions?response_received=false"


LIVE = "live-figures"
ITS_EDITION = sa.update(edition).where(edition.c.name == WRES)


def shown(browser_page: Page, words: str, place: str = LIVE) -> None:
    """Wait until a part of the page says these words."""
    browser_page.wait_for_function(
        "([id, words]) => document.getElementById(id).innerText.includes(words)",
        arg=[place, words],
    )


def test_a_running_editions_figures_move_until_it_has_ended(
    browser_page: Page, served: Served
) -> None:
    browser_page.goto(f"{served.address}editions/{WRES}")
    shown(browser_page, "77% dealt with: 7 of 9 people")
    planned = sa.update(batch).where(batch.c.state == DeliveryState.PLANNED)
    served.change(planned, state=DeliveryState.ACCEPTED, recorded_at=datetime.now(UTC))
    shown(browser_page, "100% dealt with: 9 of 9 people")
    served.change(ITS_EDITION, state=EditionState.SENT)
    shown(browser_page, "Everything of it was handed over.")
    shown(browser_page, "7 of 9 handed over.", "live-spoken")
    assert browser_page.locator("#live-button").is_hidden()
    assert browser_page.locator("#live-late").is_hidden()
    assert _asks_no_more(browser_page)


def test_a_running_imports_figures_move_until_it_has_ended(
    browser_page: Page, served: Served
) -> None:
    its = sa.update(import_).where(import_.c.id == 1)
    served.change(its, state="running", rows_read=250, rows_total=1_000)
    browser_page.goto(f"{served.address}imports/1")
    shown(browser_page, "250 of 1,000 rows so far")
    served.change(its, state="done", rows_read=1_000)
    browser_page.wait_for_selector("#live-figures [data-finished=yes]")
    assert browser_page.locator("#live-button").is_hidden()


def test_figures_that_cannot_be_fetched_stay_and_say_since_when(
    browser_page: Page, served: Served
) -> None:
    served.change(ITS_EDITION, state=EditionState.SENDING)
    browser_page.goto(f"{served.address}editions/{WRES}")
    browser_page.route("**/progress", lambda route: route.abort())
    shown(browser_page, "These figures have not been updated since", "live-late")
    shown(browser_page, "Outreach goes on trying", "live-spoken")
    assert "9 people" in browser_page.locator("#live-figures").inner_text()
    browser_page.unroute("**/progress")
    browser_page.wait_for_selector("#live-late", state="hidden")


def test_whoever_is_logged_out_is_told_to_log_in_again(browser_page: Page, served: Served) -> None:
    def nobody() -> None:
        raise HTTPException(401)

    served.change(ITS_EDITION, state=EditionState.SENDING)
    browser_page.goto(f"{served.address}editions/{WRES}")
    served.reads = nobody
    try:
        shown(browser_page, "Log in again", "live-late")
    finally:
        served.reads = lambda: None
    assert _asks_no_more(browser_page)


def test_a_notice_is_seen_with_keys_alone(browser_page: Page, address: str) -> None:
    browser_page.goto(address)
    browser_page.get_by_role("button", name="I have seen this").last.focus()
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_function("!document.body.innerText.includes('paused itself')")
    assert "paused itself" not in browser_page.inner_text("body")


def _asks_no_more(browser_page: Page) -> bool:
    """Whether the page asks for no figures for longer than it would wait between two looks."""
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.wait_for_timeout(2_500)
    return asked == []
