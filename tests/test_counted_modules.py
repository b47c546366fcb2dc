"""What is imported, counted: a module more on a user's start is seen here."""

from __future__ import annotations

import ast

import pytest
from counted import count
from support import ROOT

# What the caller's thread imports from `import jina_tel` to the first event, in a program that has
# imported nothing. A name that is added here is paid by every start.
FIRST_EVENT = """
    jina_tel jina_tel.answers jina_tel.calls jina_tel.caps jina_tel.ci jina_tel.clock
    jina_tel.consent jina_tel.contact jina_tel.debug jina_tel.election jina_tel.environment
    jina_tel.errors jina_tel.event jina_tel.facts jina_tel.files jina_tel.folders jina_tel.forks
    jina_tel.identity jina_tel.imports jina_tel.instrumentation jina_tel.instrumenting jina_tel.jina
    jina_tel.journal jina_tel.journal.disk jina_tel.journal.part jina_tel.ledger jina_tel.notice
    jina_tel.options jina_tel.payload jina_tel.pipeline jina_tel.private jina_tel.process
    jina_tel.product jina_tel.recorder jina_tel.settings jina_tel.shipper jina_tel.signals
    jina_tel.telemetry jina_tel.transports jina_tel.turns jina_tel.variables jina_tel.wrapping
    __future__ _blake2 _collections _contextvars _functools atexit contextvars errno fcntl itertools
    types wrapt._wrappers
""".split()

# What those files import as they are imported; a Python has the rest as it starts.
OF_THE_LIBRARY = """
    __future__ _blake2 _collections _functools _signal _thread _weakref atexit contextvars errno
    fcntl io itertools os stat sys time types
""".split()

OPTED_OUT = """
    jina_tel jina_tel.clock jina_tel.consent jina_tel.facts jina_tel.instrumenting jina_tel.jina
    jina_tel.options jina_tel.settings jina_tel.telemetry jina_tel.turns jina_tel.variables
    _functools
""".split()

# What a thread of ours imports beside, until the event has arrived: paid by an exit that sends it.
DELIVERED = """
    jina_tel.delivery jina_tel.hurry jina_tel.packing jina_tel.plain_json jina_tel.sent
    jina_tel.transports.address jina_tel.transports.base jina_tel.transports.http
    jina_tel.transports.proxies jina_tel.transports.response jina_tel.transports.wire _socket select
    zlib
""".split()

IMPORTED = """
import _thread
names, here = set(), _thread.get_ident()

def hear(event, given):
    if event == "import" and _thread.get_ident() == here:
        names.add(given[0])

sys.addaudithook(hear)
prepared()
print(*sorted(names))
"""

LOADED = """
before = set(sys.modules)
prepared()
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_event_imports_these_modules_and_no_other(tmp_path):
    first = set(count(IMPORTED, tmp_path)[0].split())
    later = set(count(IMPORTED, tmp_path)[0].split())

    assert set(FIRST_EVENT) == first == later


SENT = """
before = set(sys.modules)
prepared()
import jina_tel
assert jina_tel.flush()
print(*sorted(set(sys.modules) - before))
"""


def test_a_delivery_imports_these_modules_and_no_other(tmp_path, receiver):
    count(SENT, tmp_path, JINA_TEL_ENDPOINT=receiver.url)  # what is sent is described by now
    loaded = set(count(SENT, tmp_path, JINA_TEL_ENDPOINT=receiver.url)[0].split())

    assert set(DELIVERED) == loaded - set(FIRST_EVENT)
    assert 2 == len(receiver.events)


def test_the_files_of_a_start_import_these_modules_of_the_library_and_no_other():
    trees = [ast.parse(_source(name)) for name in FIRST_EVENT if name.startswith("jina_tel")]
    found = {name for tree in trees for node in tree.body for name in _imported(node)}

    assert set(OF_THE_LIBRARY) == found


def _source(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def _imported(node: ast.stmt) -> set[str]:
    """Return what a statement of a module imports, but of our own and for the types alone."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return set() if node.level else {node.module or ""}
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return set()
    if isinstance(node, (ast.If, ast.Try)):  # not what is imported where the first fails
        return {name for child in node.body for name in _imported(child)}
    return set()


@pytest.mark.parametrize("variable", ["JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK"])
def test_a_program_that_has_said_no_imports_these_modules_and_no_other(tmp_path, variable):
    loaded = set(count(LOADED, tmp_path, **{variable: "1"})[0].split())

    assert set(OPTED_OUT) == loaded - {"__future__"}
    assert [] == list(tmp_path.iterdir())
