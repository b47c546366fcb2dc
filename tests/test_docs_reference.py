"""What the reference says is what the code says: nothing there was written by hand and forgotten."""

from __future__ import annotations

import ast
import importlib.util
import re

import pytest
from support import ROOT

from jina_tel.cli import manual
from jina_tel.settings import Variables

PACKAGE = ROOT / "jina_tel"
A_VARIABLE = re.compile(r"[A-Z][A-Z]+(_[A-Z]+)+|CI|TERM")
NO_VARIABLES = {"MSG_NOSIGNAL", "SC_CLK_TCK"}  # constants of the system
SET_BY_SERVERS = {"REQUEST_METHOD"}  # says that we run in a CGI script; nobody sets it for us


def load_generate():
    path = ROOT / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = load_generate()


@pytest.mark.parametrize("path", GENERATE.pages(), ids=lambda path: path.name)
def test_the_page_is_as_the_code_would_write_it(path):
    assert GENERATE.pages()[path] == path.read_text("utf-8"), "python docs/generate.py"


def told():
    rows = (*manual.VARIABLES, *manual.FURTHER)
    return {name for names, _ in rows for name in names.split(", ")}


def read_somewhere():
    """Return what stands as text in the source and may be a variable's name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name in ("ci.py", "manual.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(name for name in [node.value] if A_VARIABLE.fullmatch(name))
    return found


def test_every_variable_that_is_read_is_told():
    ours = Variables("jina")
    names = {ours.optout, ours.endpoint, ours.token, ours.home, ours.debug}

    assert set() == (read_somewhere() | names) - told() - NO_VARIABLES - SET_BY_SERVERS


def test_the_help_tells_every_exit_code_and_every_variable():
    text = manual.epilog()

    assert all(f"\n  {name}" in text or f", {name}" in text for name in told())
    assert all(f"\n  {code} " in text for code, _ in manual.EXIT_CODES)
    assert max(map(len, text.splitlines())) <= 80
