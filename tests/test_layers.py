"""The rooms of the package: an import points to a room above, and no room is unknown."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "jina_tel"

# A room imports only rooms that stand before it, in this list and in its own line.
ROOMS = [
    # values
    ["errors", "debug", "options", "facts", "variables", "settings", "clock", "event", "files"],
    ["signals", "forks", "private", "plain_json", "folders", "imports", "wrapping"],
    # questions about the world
    ["consent", "identity", "environment", "ci", "payload", "schema"],
    # carrying
    ["product", "answers", "journal", "contact", "ledger", "caps", "sent", "notice", "transports"],
    ["packing", "delivery", "election", "shipper", "hurry", "withdrawal", "pipeline"],
    # putting together
    ["process", "burst", "recorder"],
    ["calls", "instrumentation", "patches"],
    ["instrumenting", "turns", "telemetry", "jina"],
    ["__init__"],
    # the other side of the wire
    ["collector"],
    # edges
    ["testing", "pytest_plugin", "cli", "__main__"],
]
ORDER = [room for line in ROOMS for room in line]

BY_CALL = {"__import__", "import_module", "importlib.import_module"}

# What the collector's extra brings.
COLLECTORS = [
    *("starlette", "uvicorn", "msgspec", "duckdb", "pyarrow", "prometheus_client"),
    *("numpy", "google", "opentelemetry", "backports", "compression", "confluent_kafka"),
    "clickhouse_connect",
]

# What is not of the standard library, and the rooms that may import it.
FOREIGN = {
    "wrapt": {"wrapping"},
    "platformdirs": {"folders"},
    "pytest": {"pytest_plugin"},
    **{name: {"collector"} for name in COLLECTORS},
}


def modules() -> dict[str, Path]:
    """Return each module's file under its full name; a package's is that of its ``__init__``."""
    files = sorted(PACKAGE.rglob("*.py"))
    paths = {file: file.relative_to(PACKAGE.parent).with_suffix("").parts for file in files}
    return {".".join(p[:-1] if p[-1] == "__init__" else p): file for file, p in paths.items()}


MODULES = modules()


def room_of(module: str) -> str:
    """Return the room of ``jina_tel.<room>...``, ``__init__`` for the package itself."""
    return [*module.split("."), "__init__"][1]


def imports_of(module: str) -> set[str]:
    """Return the full names of what ``module`` imports, wherever and however it does it."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    return {name for node in ast.walk(tree) for name in named_by(node, module)}


def named_by(node: ast.AST, module: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = from_where(node, module)
        return [as_module(base, alias.name) for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in BY_CALL:
        return [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return []


def from_where(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    is_package = MODULES[module].name == "__init__.py"
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, node.module] if node.module else parts)


def as_module(base: str, name: str) -> str:
    """Return the module that ``from base import name`` is about: a module of ours, or ``base``."""
    if base == "jina_tel" and name == "__version__":
        return "jina_tel.errors"  # a literal, the first line there: as good as a value of any room
    return f"{base}.{name}" if f"{base}.{name}" in MODULES else base


def is_ours(name: str) -> bool:
    return name.split(".")[0] == "jina_tel"


def test_every_module_has_its_room():
    assert set() == {room_of(module) for module in MODULES} - set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_to_rooms_above(module):
    room = room_of(module)
    above = {room, *ORDER[: ORDER.index(room)]} if room in ORDER else set()
    below = sorted(n for n in imports_of(module) if is_ours(n) and room_of(n) not in above)

    assert [] == below


@pytest.mark.parametrize("module", MODULES)
def test_only_the_rooms_that_may_import_what_others_made(module):
    if sys.version_info < (3, 10):
        pytest.skip("the standard library has no list of itself before Python 3.10")
    tops = {name.split(".")[0] for name in imports_of(module) if not is_ours(name)}
    foreign = {name for name in tops if name not in sys.stdlib_module_names}
    wrong = sorted(name for name in foreign if room_of(module) not in FOREIGN.get(name, ()))

    assert [] == wrong


def test_no_module_bears_the_name_of_what_the_package_exports():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    exports = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert set() == exports & {room_of(module) for module in MODULES}


def test_the_rule_sees_every_way_to_import():
    source = """
import jina_tel.recorder
from . import telemetry
from .transports import base
from jina_tel.shipper import Shipper
if TYPE_CHECKING:
    from .journal import Journal
def later():
    __import__("jina_tel.delivery")
"""
    nodes = ast.walk(ast.parse(source))
    seen = {room_of(name) for node in nodes for name in named_by(node, "jina_tel.errors")}

    assert {"recorder", "telemetry", "transports", "shipper", "journal", "delivery"} <= seen
