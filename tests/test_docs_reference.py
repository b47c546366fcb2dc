"""What the reference says is what the code says: nothing was written by hand and forgotten."""

from __future__ import annotations

import ast
import html
import importlib.util
import re

import pytest
from support import ROOT

from jina_tel.cli import manual
from jina_tel.variables import Variables

PACKAGE = ROOT / "jina_tel"
A_VARIABLE = re.compile(r"[A-Z][A-Z]+(_[A-Z]+)+|CI|TERM")
NO_VARIABLES = {"MSG_NOSIGNAL", "SC_CLK_TCK", "SOCK_NONBLOCK"}  # constants of the system
# Says that we run in a CGI script, or on Android; nobody sets it for us.
SET_BY_SYSTEMS = {"REQUEST_METHOD", "ANDROID_ROOT"}


def script(name):
    """Return a script of the docs as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = script("generate")


@pytest.mark.parametrize("path", GENERATE.pages(), ids=lambda path: path.name)
def test_the_page_is_as_the_code_would_write_it(path):
    assert GENERATE.pages()[path] == path.read_text("utf-8"), "python docs/generate.py"


def test_every_value_that_an_option_takes_is_named():
    pages = {path.name: text for path, text in GENERATE.pages().items()}

    assert "| `--ci` `{in,out}` |" in pages["cli.md"]
    assert "`None`" not in pages["cli.md"]


def told():
    rows = (*manual.VARIABLES, *manual.FURTHER)
    return {name for names, _ in rows for name in names.split(", ")}


def read_somewhere():
    """Return what stands as text in the source and may be a variable's name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name in ("ci.py", "manual.py") or "collector" in path.parts[:-1]:
            continue  # the collector is handed all by its command
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(name for name in [node.value] if A_VARIABLE.fullmatch(name))
    return found


def test_every_variable_that_is_read_is_told():
    ours = Variables("jina")
    names = {ours.optout, ours.endpoint, ours.token, ours.home, ours.debug}

    assert set() == (read_somewhere() | names) - told() - NO_VARIABLES - SET_BY_SYSTEMS


def test_the_help_tells_every_exit_code_and_every_variable():
    text = manual.epilog()

    assert all(f"\n  {name}" in text or f", {name}" in text for name in told())
    assert all(f"\n  {code} " in text for code, _ in manual.EXIT_CODES)
    assert max(map(len, text.splitlines())) <= 80


DRAWN = re.compile(r'x="([\d.]+)"[^>]*>([^<]*)</text>')
OF_THE_DAY = re.compile(r'(?<=": ).*|[0-9a-f-]*\d[0-9a-f-]*')


def test_the_picture_shows_what_the_commands_show_now():
    """But for what follows from the day on which it was taken, and from the machine."""
    terminal = script("terminal")

    def labels(picture):
        left = terminal.MARGIN + 10 * terminal.WIDTH
        found = [html.unescape(text) for x, text in DRAWN.findall(picture) if float(x) < left]
        return [OF_THE_DAY.sub("", text) for text in found]

    now = labels(terminal.svg(terminal.recorded()))

    assert {"$ jina-tel status", "because", '"payload": '} < set(now)
    assert now == labels(terminal.PICTURE.read_text("utf-8")), "python docs/terminal.py"
