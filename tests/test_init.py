"""The package as a program imports it: its names, and what comes along with them."""

from __future__ import annotations

import ast
import types
from pathlib import Path

import pytest
from support import BARE, ROOT, run

import jina_tel

HEAVY = {
    "asyncio",
    "dataclasses",
    "http",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "multiprocessing",
    "platform",
    "platformdirs",
    "random",
    "re",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
    "urllib",
    "uuid",
    "wrapt",
}

# With -S no site is set up; what it would import of its own is imported before we look.
IMPORT = f"""
import site, sys
sys.path.insert(0, {str(ROOT)!r})
before = set(sys.modules)
import jina_tel
print(*sorted(set(sys.modules) - before))
"""

OPTED_OUT = f"""
import site, sys
sys.path.insert(0, {str(ROOT)!r})
before = set(sys.modules)
from jina_tel import TelemetryMixin, flush, instrument, instrumented, status, uninstrument

@instrumented
class Flow:
    def start(self):
        return self

class Pod(TelemetryMixin):
    def start(self):
        return self

instrument("json.decoder:JSONDecoder.decode")
uninstrument("json.decoder:JSONDecoder.decode")
Flow().start()
Pod().start()
assert flush() and not status().allowed
print(*sorted(set(sys.modules) - before))
"""


def test_all_names_what_is_public_and_nothing_else():
    public = {
        name
        for name, value in vars(jina_tel).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert sorted(public) == jina_tel.__all__


def test_every_name_has_a_sentence_that_says_what_it_is():
    for name in jina_tel.__all__:
        assert (getattr(jina_tel, name).__doc__ or "").strip()


def test_the_functions_are_those_of_one_product():
    owners = {
        getattr(jina_tel, name).__self__
        for name in ("configure", "flush", "instrument", "instrumented", "status", "uninstrument")
    }

    assert ["Telemetry('jina')"] == [repr(owner) for owner in owners]


@pytest.mark.parametrize("script", [IMPORT, OPTED_OUT])
def test_nothing_heavy_is_imported(script):
    opted_out = {"JINA_OPTOUT_TELEMETRY": "1"} if script is OPTED_OUT else {}
    new = run(script, "-I", "-S", **BARE, **opted_out).split()

    assert "jina_tel.settings" in new
    assert set() == {name for name in new if {name, name.partition(".")[0]} & HEAVY}


def test_an_import_brings_nothing_but_ours_and_three_that_are_built_in():
    new = run(IMPORT, "-I", "-S", **BARE).split()
    foreign = {name for name in new if not name.startswith("jina_tel")}

    assert foreign <= {"__future__", "_functools", "itertools"}


NETWORK = {"http", "socket", "_socket", "ssl", "_ssl", "urllib", "email"}
MAY = ("transports/", "testing/", "cli/", "collector/", "schema.py", "preview.py", "__main__.py")


def imported_by(path: Path) -> set[str]:
    """Return the top-level names of what a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def test_no_room_on_the_host_s_thread_imports_the_network():
    package = ROOT / "jina_tel"
    found = {
        str(path.relative_to(package)): sorted(imported_by(path) & NETWORK)
        for path in package.rglob("*.py")
        if not str(path.relative_to(package)).startswith(MAY)
    }
    checks_an_address = {"settings.py": ["_socket"]}  # inet_pton, where a host is in brackets

    assert checks_an_address == {path: names for path, names in found.items() if names}


SPY = """
import _thread, sys
import wrapt  # which brings what it likes

class Spy:
    '''Notes which thread imports what, and finds nothing.'''
    seen = []
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        cls.seen.append((name, _thread.get_ident()))

before = set(sys.modules)
sys.meta_path.insert(0, Spy)
from jina_tel import flush, instrumented

@instrumented
class Flow:
    def start(self):
        return self

Flow().start()
assert flush(30)
main = _thread.get_ident()
ours = {name for name, thread in Spy.seen if thread == main} - before
theirs = {name for name, thread in Spy.seen if thread != main} - before
print(*sorted(ours))
print(*sorted(theirs))
"""


def test_what_the_network_needs_is_imported_in_our_thread_alone(telemetry_receiver):
    first, other = run(SPY, **BARE).splitlines()
    later, _ = run(SPY, **BARE).splitlines()

    assert set() == {"http", "socket", "ssl", "email"} & set(first.split())
    assert {"jina_tel.transports.response", "jina_tel.transports.http"} <= set(other.split())
    assert "json" not in later.split()  # the first on a machine writes what the product is
    telemetry_receiver.wait(2)
