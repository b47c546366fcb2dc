"""The page in a real browser: what people see, on every screen, with or without a mouse."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
import uvicorn
from browser import barriers, browsing, looking, needs_browser
from collecting import wait_until
from starlette.applications import Starlette
from support import run
from usage import DAY, MONDAY, row

from jina_tel.collector.page import PageOptions, routes
from jina_tel.collector.store import Loss, open_store

pytestmark = needs_browser
NOW = MONDAY + 30 * 7 * DAY
HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000
WIDTHS, THEMES = (390, 820, 1440), ("light", "dark")
PROGRAM = """
    from jina_tel import flush, instrumented

    @instrumented
    class Flow:
        def start(self):
            pass

    for _ in range(7):
        Flow().start()
    assert flush(50)
"""


@pytest.fixture(scope="module")
def chromium():
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def address():
    """Return where a page of many weeks stands; a hostile client is among those who sent."""
    with served(year()) as found:
        yield found


@contextmanager
def served(rows):
    store = open_store(":memory:")
    store.load(rows, [Loss("l", NOW, "jina", {"too_old": 3})])
    app = Starlette(routes=list(routes(store, PageOptions(clock=lambda: NOW))))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
        store.close()


def year():
    rows = [
        row(
            f"{week}-{uid}",
            at=NOW - week * 7 * DAY,
            uid=uid,
            jina=f"3.{30 - week // 3}.0",
            python=f"3.{8 + uid % 5}.1",
            event=("Flow.start", "Client.start", "Flow.failed")[uid % 3],
            **({"ci_vendor": "Jenkins", "kept": False} if uid % 4 == 0 else {}),
        )
        for week in range(26)
        for uid in range(60 - week)
    ]
    hostile = dict.fromkeys(("jina", "python", "platform", "event"), HOSTILE)
    return [*rows, *(row(f"h{n}", at=NOW - 7 * DAY, uid=900 + n, **hostile) for n in range(9))]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_screen_and_keeps_nobody_out(chromium, address, width, theme):
    with looking(chromium, address, width, color_scheme=theme) as page:
        assert [] == barriers(page)
        assert 0 == page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("width", [390, 1200, 1280, 1320, 1440])
def test_what_can_be_dropped_is_seen_without_scrolling(chromium, width):
    """The last column says it: the share of a version and all older ones."""
    rows = [
        row(f"{at}-{n}", at=at, uid=n, python=f"3.{8 + min(n // 40, 5)}.1")
        for at, count in ((NOW - 13 * 7 * DAY, 300), (NOW - 7 * DAY, 700))
        for n in range(count)
    ]
    with served(rows) as address, looking(chromium, address, width) as page:
        hidden = page.evaluate(
            "(e => e.scrollWidth - e.clientWidth)(document.querySelector('#python .scrolled'))"
        )

    assert 0 == hidden


@pytest.mark.parametrize(
    ("path", "status"),
    [("?product=none", 404), ("?weeks=x", 400), ("?version=3.30.0&ci=in&weeks=1", 200)],
)
def test_other_pages_keep_nobody_out(chromium, address, path, status):
    with looking(chromium, f"{address}{path}", status=status) as page:
        said = barriers(page)

    assert [] == said


def test_the_themes_differ(chromium, address):
    grounds = []
    for theme in THEMES:
        with looking(chromium, address, color_scheme=theme) as page:
            grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert 2 == len(set(grounds))


def test_nothing_that_a_client_sent_runs_or_turns_the_text(chromium, address):
    with looking(chromium, f"{address}?ci=in") as page:
        text = page.inner_text("body")

        assert 0 == page.locator("script").count()
        assert "<script>alert(1)</script>" in text
        assert "\u202e" not in text


def test_a_filter_is_chosen_with_the_keyboard_and_stands_in_the_address(chromium, address):
    with looking(chromium, address) as page:
        page.focus("select[name=version]")
        page.keyboard.type("3.29")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")

        assert "version=3.29.0" in page.url
        assert "3.29.0" == page.input_value("select[name=version]")


def test_the_table_of_a_chart_is_opened_with_the_keyboard(chromium, address):
    with looking(chromium, address) as page:
        assert not page.locator("#weekly table").is_visible()

        page.focus("#weekly summary")
        page.keyboard.press("Enter")

        assert page.locator("#weekly table").is_visible()
        assert [] == barriers(page)


def test_pointing_at_a_week_says_what_it_holds(chromium, address):
    with looking(chromium, address) as page:
        strip = page.locator("#weekly .strip").nth(24)

        assert not strip.locator("text").is_visible()

        strip.locator("rect").hover()

        assert strip.locator("text").is_visible()
        assert "people" in strip.locator("text").text_content()


def test_it_prints_without_what_is_only_for_a_screen(chromium, address):
    with looking(chromium, address) as page:
        page.emulate_media(media="print")

        assert not page.locator("form").is_visible()
        assert page.locator("#weekly .plot").is_visible()
        assert page.pdf().startswith(b"%PDF")


def test_every_link_of_the_page_leads_somewhere(chromium, address):
    with looking(chromium, address) as page:
        links = page.eval_on_selector_all("a[href^='/']", "all => all.map(one => one.href)")

        assert 20 < len(links)
        assert {200} == {page.request.get(link).status for link in links}


def test_a_start_becomes_the_number_on_the_page(chromium, collector, tmp_path):
    quiet = dict.fromkeys(("JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK", "CI", "GITHUB_ACTIONS"))
    run(PROGRAM, JINA_TEL_ENDPOINT=collector.url, JINA_TEL_HOME=str(tmp_path / "home"), **quiet)
    wait_until(lambda: "No events yet" not in collector.ask("GET", "/").body.decode())
    with looking(chromium, f"http://127.0.0.1:{collector.port}/") as page:
        [event] = page.locator("#events tbody tr").all()
        name, _, starts, _, installs = event.locator("th, td").all_text_contents()
        people = page.locator("#weekly tbody tr").first.locator("td").all_text_contents()

    assert ("Flow.start", "7", "1") == (name, starts, installs)
    assert ["1", "0", "0"] == people
