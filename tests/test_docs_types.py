"""What the pages show of Python passes a strict type checker, as a reader would write it."""

from __future__ import annotations

import pytest
from pages import examples
from support import ROOT
from typed import GROUP, NEEDS_MYPY, strictly

pytestmark = [GROUP, NEEDS_MYPY]


# A page leaves out the types of a reader's own methods; all else is as strict as can be.
ALLOWED = ("--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")


def programs(path):
    """Return the files of a page by their name, and the blocks that have none."""
    found = [one for one in examples(path.read_text("utf-8")) if one.kind == "python"]
    return {
        one.file or f"block_{number}.py": one.text
        for number, one in enumerate(found)
        if not one.file or one.file.endswith(".py")
    }


PAGES = {
    str(path.relative_to(ROOT)): made
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if (made := programs(path))
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_passes_a_type_checker(page, tmp_path, cache):
    for name, text in PAGES[page].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    assert "" == strictly(tmp_path, cache, *ALLOWED)
