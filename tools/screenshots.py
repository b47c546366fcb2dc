"""Take pictures of a collector's page, whole, in both themes and three widths, to look at them.

jina-tel collect --store usage.duckdb
python tools/screenshots.py http://127.0.0.1:8075/ FOLDER
python tools/screenshots.py http://127.0.0.1:8075/ --docs      # the two that the docs show
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "collector"))
from browser import browsing, looking  # noqa: E402

WIDTHS, THEMES = (390, 820, 1440), ("light", "dark")


def main(address: str, where: str) -> None:
    """Take them."""
    folder = ROOT / "docs" if where == "--docs" else Path(where)
    widths = (1440,) if where == "--docs" else WIDTHS
    with browsing() as chromium:
        for theme in THEMES:
            for width in widths:
                name = f"page-{theme}" if where == "--docs" else f"page-{theme}-{width}"
                with looking(chromium, address, width, color_scheme=theme) as page:
                    page.screenshot(path=folder / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
