"""The report in a real browser: it draws everything, asks the network for nothing, and hostile text stays text."""

import math
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial as partial_function
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from orchestrator.stores.store import Store
from reports.page.document import build
from specs.format.layout import REPORT
from specs.sweep import expand
from tests.processes import HANG
from tests.reports.conftest import partial
from tests.reports.synthetic import commit, sweep, write_store

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b>"
FIGURES = ["fig-2", "fig-3", "table-1", "table-2", "fig-4", "fig-6", "fig-6-epochs", "fig-6-ranks", "fig-7-8",
           "fig-7-8-droppable", "fig-9", "calibration"]  # fmt: skip
MARKS = "svg.main-svg g.trace, svg.main-svg .point, svg.main-svg image, svg.main-svg path.js-line"
DRAWN = f"figures => figures.map(f => [f.id, f.querySelectorAll('{MARKS}').length])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)} is on the path")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a store with every kind of gap, and with hostile text wherever a person may write."""
    spec = sweep(title=HOSTILE, notes=HOSTILE, serves=[HOSTILE], methods=["joint", "bagging", "stacking"])
    store = write_store(tmp_path_factory.mktemp("browser") / "store", spec, lambda trial: None)
    for trial in expand(spec):
        if (status := partial(trial)) is not None:
            commit(store, trial, status, HOSTILE, device=HOSTILE)
    return written(store)


@pytest.fixture(scope="module")
def papers_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a sweep that is about the paper."""
    spec = sweep(serves=["Figure 3"], methods=["joint", "bagging", "stacking"])
    return written(write_store(tmp_path_factory.mktemp("paper") / "store", spec))


def written(store: Store) -> Path:
    """The store's report, as a file."""
    assert store.storage.folder is not None
    store.storage.replace(REPORT, build([store.storage]))
    return store.storage.folder / REPORT


class Opened:
    """A page, and what it did while it opened."""

    def __init__(self, page: Page, report: Path) -> None:
        self.page, self.complaints, self.requests = page, list[str](), list[str]()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(report.as_uri(), timeout=1000 * HANG)  # docs/performance.md says how long it takes
        page.wait_for_selector("html[data-drawn]", timeout=1000 * HANG)


def opened(browser: Browser, report: Path, width: int = 1280, scheme: str = "light") -> Opened:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    return Opened(page, report)


def test_it_opens_offline_without_a_complaint_and_its_tables_closed(browser: Browser, report: Path) -> None:
    seen = opened(browser, report)
    assert seen.complaints == []
    assert seen.requests == [report.as_uri()]
    assert not seen.page.locator("#undrawn").is_visible()
    assert seen.page.locator("details[data-numbers]").count() > 5
    assert seen.page.locator("details[open]").count() == 0


def test_every_figure_is_drawn(browser: Browser, report: Path) -> None:
    page = opened(browser, report).page
    drawn = page.eval_on_selector_all("figure", DRAWN)
    assert [name for name, _ in drawn] == FIGURES
    assert [name for name, traces in drawn if not traces] == []


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")])
def test_the_first_screen_shows_the_picture_in_the_themes_colours(
    browser: Browser, report: Path, scheme: str, paper: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(report.as_uri(), timeout=1000 * HANG)
    picture = page.locator("#answer svg.answer-chart")
    box = picture.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900
    verdict = page.locator("#answer .plain").bounding_box()
    assert verdict is not None
    assert verdict["x"] + verdict["width"] < box["x"]
    hollow = "e => getComputedStyle(e.querySelector('.unclear.dot')).fill"
    assert picture.evaluate(hollow) == paper


def test_a_page_without_any_joint_trial_draws_and_complains_of_nothing(browser: Browser, tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep(methods=["bagging", "stacking"]))
    seen = opened(browser, written(store))
    assert seen.complaints == []
    assert "plans no joint training" in seen.page.locator("#answer").inner_text()
    assert "This sweep plans no joint training." in seen.page.locator("#fig-3 [data-plot]").inner_text()
    assert dict(seen.page.eval_on_selector_all("figure", DRAWN))["table-1"] > 0


def test_the_matrix_has_columns_for_bagging_and_stacking(browser: Browser, report: Path) -> None:
    headers = opened(browser, report).page.locator("table.matrix th[scope=col]").all_inner_texts()
    assert headers[-3:] == ["λ = 1", "bagging", "stacking"]


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, report: Path) -> None:
    page = opened(browser, report).page
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img, main b >> text=bold").count() == 0
    assert page.title() != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scroll(browser: Browser, report: Path, scheme: str) -> None:
    seen = opened(browser, report, 390, scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.complaints == []


def test_figures_follow_the_theme_while_open(browser: Browser, report: Path) -> None:
    page = opened(browser, report, scheme="light").page
    tick = "[...document.querySelectorAll('#fig-9 .xtick text')].slice(0, 1).map(t => getComputedStyle(t).fill)[0]"
    assert page.evaluate(tick) == "rgb(0, 0, 0)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-drawn=dark]")
    assert page.evaluate(tick) == "rgb(255, 255, 255)"


def test_switches_redraw(browser: Browser, report: Path) -> None:
    seen = opened(browser, report)
    read = "() => document.querySelector('#fig-3 [data-plot]').data.find(t => t.error_y?.array).x[1]"
    assert seen.page.evaluate(read) == 1
    seen.page.locator("#fig-3 select").first.select_option(index=1)
    assert seen.page.evaluate(read) == pytest.approx(math.log10(2), abs=1e-4)
    for select in seen.page.locator("figure select").all():
        select.select_option(index=1)
    assert seen.complaints == []


def test_numbers_and_drawing_can_be_saved(browser: Browser, report: Path) -> None:
    seen = opened(browser, report)
    with seen.page.expect_download() as csv:
        seen.page.locator('#fig-9 [data-download="csv"]').click()
    assert csv.value.suggested_filename == "fig-9.csv"
    assert csv.value.path().read_text().startswith("architecture,method,lam,")
    with seen.page.expect_download() as svg:
        seen.page.locator('#fig-9 [data-download="svg"]').click()
    assert svg.value.suggested_filename == "fig-9.svg"
    assert svg.value.path().read_text().startswith("<svg")
    assert seen.complaints == []


def until(page: Page, condition: str) -> None:
    """Wait for something; the page's own policy forbids Playwright's way of it."""
    end = time.monotonic() + HANG
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def test_on_paper_every_figure_is_there_and_small_and_tables_are_as_the_reader_left_them(
    browser: Browser, report: Path
) -> None:
    seen = opened(browser, report, scheme="dark")
    page = seen.page
    page.locator("#fig-3 summary").click()
    page.emulate_media(media="print")
    until(page, "[...document.querySelectorAll('[data-plot]')].every(p => p._fullLayout.width <= 690)")
    assert dict(page.eval_on_selector_all("figure", DRAWN)).keys() == set(FIGURES)
    assert [name for name, traces in page.eval_on_selector_all("figure", DRAWN) if not traces] == []
    assert page.locator("#fig-3 table").is_visible()
    assert not page.locator("#fig-9 table").is_visible()
    assert not page.locator("[data-download]").first.is_visible()
    heights = page.eval_on_selector_all("figure:not(:has(details[open]))", "all => all.map(e => e.offsetHeight)")
    assert max(heights) < 0.6 * 1030  # of a page of A4 within its margins: none leaves half a page empty
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) < len(FIGURES)
    page.emulate_media(media="screen")
    until(page, "[...document.querySelectorAll('[data-plot]')].some(p => p._fullLayout.width > 690)")
    assert page.locator("details[open]").count() == 1
    assert seen.complaints == []


class Forbidding(SimpleHTTPRequestHandler):
    """Serves files under a policy that forbids scripts, as some servers of build artifacts do."""

    policy = "script-src 'none'"

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class ForbiddingStyles(Forbidding):
    """Forbids the page's styles too."""

    policy = "sandbox; default-src 'none'"


@contextmanager
def served(report: Path, handler: type[Forbidding]) -> Iterator[str]:
    """The report's address on a web server of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial_function(handler, directory=str(report.parent)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{report.name}"
    finally:
        server.shutdown()
        server.server_close()


def shows_tables_for_figures(page: Page) -> None:
    """Every figure has a table in sight, one line says why, and the answer has its picture."""
    drawn_by_hand = "e => [...e.querySelectorAll('table')].some(table => table.checkVisibility())"
    assert [
        figure.get_attribute("id") for figure in page.locator("figure").all() if not figure.evaluate(drawn_by_hand)
    ] == []
    assert "scripts are off, the server of this page forbids them" in page.locator("#undrawn").inner_text()
    assert page.locator("#undrawn").is_visible()
    assert page.locator("#answer svg.answer-chart").is_visible()


@pytest.mark.parametrize("handler", [Forbidding, ForbiddingStyles])
def test_a_server_that_forbids_scripts_gives_tables_for_figures(
    browser: Browser, report: Path, handler: type[Forbidding]
) -> None:
    with served(report, handler) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address, timeout=1000 * HANG)
        assert not page.locator("html[data-drawn]").count()
        shows_tables_for_figures(page)
        if handler is Forbidding:
            assert not page.locator("[data-plot], [data-download]").first.is_visible()


def test_without_scripts_tables_stand_for_figures(browser: Browser, report: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(report.as_uri(), timeout=1000 * HANG)
    assert page.locator("#undrawn").is_visible()
    assert page.locator("figure table").first.is_visible()
    assert page.locator("#fig-9 details[open] table").is_visible()


def test_an_old_browser_gets_tables_for_figures(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(report.as_uri(), timeout=1000 * HANG)
    until(page, "!document.documentElement.dataset.scripts")
    shows_tables_for_figures(page)


def test_a_toolbar_covers_no_legend_and_sends_nothing_away(browser: Browser, report: Path) -> None:
    page = opened(browser, report).page
    page.locator("#fig-9 [data-plot]").hover()
    buttons = page.eval_on_selector_all("#fig-9 .modebar-btn", "all => all.map(e => e.dataset.title)")
    assert buttons == ["Zoom", "Pan", "Zoom in", "Zoom out", "Autoscale", "Reset axes"]
    boxes = [page.locator(f"#fig-9 {part}").bounding_box() for part in (".modebar", "g.legend")]
    bar, legend = (box for box in boxes if box is not None)
    assert bar["y"] > legend["y"] + legend["height"]


def test_a_phone_has_no_toolbar_scrolls_over_figures_and_hides_no_column(browser: Browser, report: Path) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    seen = Opened(phone.new_page(), report)
    assert seen.page.locator(".modebar").count() == 0
    assert seen.page.evaluate(
        "[...document.querySelectorAll('[data-plot]')].every(p => p._fullLayout.dragmode === false)"
    )
    cells = seen.page.locator("#comparisons + .scroll td[data-label^='difference']:not(.blank)")
    assert cells.count() == 2
    for box in (cell.bounding_box() for cell in cells.all()):
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390
    assert seen.complaints == []


def test_the_pages_own_tables_are_whole_at_1280_pixels(browser: Browser, papers_report: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(papers_report.as_uri(), timeout=1000 * HANG)
    own = "#ledger .scroll, #comparisons + .scroll, #provenance .scroll"
    assert page.eval_on_selector_all(own, "all => all.map(e => e.scrollWidth - e.clientWidth)") == [0, 0, 0]


def focused(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on what the selector names."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"no Tab reaches {wanted}")


def test_keys_alone_reach_and_work_switches_tables_and_downloads(browser: Browser, report: Path) -> None:
    seen = opened(browser, report)
    page = seen.page
    focused(page, "#fig-3 select")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.selectedIndex") == 1
    focused(page, '#fig-3 [data-download="csv"]')
    with page.expect_download() as csv:
        page.keyboard.press("Enter")
    assert csv.value.suggested_filename == "fig-3.csv"
    focused(page, '#fig-3 [data-download="svg"]')
    with page.expect_download() as svg:
        page.keyboard.press("Space")
    assert svg.value.path().read_text().startswith("<svg")
    focused(page, "#fig-3 summary")
    page.keyboard.press("Enter")
    assert page.locator("#fig-3 details[open] table").is_visible()
    assert seen.complaints == []


def test_two_stores_are_one_page_with_ids_of_their_own(browser: Browser, tmp_path: Path) -> None:
    spec = sweep(name="other", title=HOSTILE)
    stores = [write_store(tmp_path / "a", sweep(), partial), write_store(tmp_path / "b", spec)]
    place = tmp_path / "both.html"
    place.write_bytes(build([store.storage for store in stores]))
    seen = opened(browser, place)
    ids = seen.page.evaluate("() => [...document.querySelectorAll('main [id], main')].map(e => e.id)")
    own = [each for each in ids if each.startswith(("fig-", "table-", "sweep-"))]
    assert len(own) == len(set(own))
    drawn = seen.page.eval_on_selector_all("figure", DRAWN)
    figures = [name for name, _ in drawn]
    alone = [name for name in FIGURES if name != "table-2"]
    assert figures == [f"{name}-{number}" for number in (1, 2) for name in alone]
    assert [name for name, traces in drawn if not traces] == []
    assert seen.page.locator("#sweep-1 > h2, #sweep-2 > h2").all_inner_texts() == ["1. synthetic", "2. other"]
    with seen.page.expect_download() as csv:
        seen.page.locator('#fig-9-2 [data-download="csv"]').click()
    assert csv.value.suggested_filename == "fig-9-2.csv"
    assert seen.page.locator("main img, main b >> text=bold").count() == 0
    assert seen.page.title() != "owned"
    assert seen.complaints == []
    assert seen.requests == [place.as_uri()]
