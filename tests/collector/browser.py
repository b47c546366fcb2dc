"""A headless Chromium, as Debian packages it, and axe, which finds what keeps people out."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(sys.prefix, "axe", "axe.min.js")
try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and AXE.exists() and sync_playwright), reason="tools/browser says what is missing"
)


@contextmanager
def browsing():
    """Have a browser."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def looking(chromium, url: str, width: int = 1440, status: int = 200, **context):
    """Have a page open; whatever the browser complains of but its status fails the test."""
    of_status = f"Failed to load resource: the server responded with a status of {status} "
    complaints: list[str] = []
    view = chromium.new_context(viewport={"width": width, "height": 900}, **context)
    page = view.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url} failed"))
    try:
        assert status == page.goto(url).status
        yield page
    finally:
        view.close()

    assert [] == [one for one in complaints if not one.startswith(of_status)]


def barriers(page) -> list[str]:
    """Return what axe finds wrong with a page."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]
