"""What tests past one machine get: the engine of ClickHouse, in this process and behind HTTP.

They need the extras ``clickhouse`` and ``scale-test``: ``make test-scale`` has both. What is
missing fails, and is not skipped.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import pytest
import usage
from engine import NUMBERS, PASSWORD, client_of, running
from hypothesis import settings

from jina_tel.collector.store import servers
from jina_tel.collector.store.clickhouse import care
from jina_tel.collector.store.clickhouse.engine import Engine
from jina_tel.collector.store.clickhouse.opening import found
from jina_tel.collector.store.clickhouse.store import ClickHouseStore
from jina_tel.collector.store.clickhouse.tables import Place

HANG_SECONDS = 500
CPUS = Path("/proc/cpuinfo")

if platform.machine() == "x86_64" and CPUS.exists() and " avx2 " not in CPUS.read_text():
    raise pytest.UsageError("the engine of chdb needs a CPU of x86-64-v3, and this one is older")

# Where a store takes a second to be made, not every example of a hypothesis is tried.
usage.Fresh.examples_of = 5
settings.register_profile("scale", max_examples=5, deadline=None)
settings.load_profile("scale")
pytest.register_assert_rewrite(
    *(f"test_store_{name}" for name in ("load", "queries", "archive")), "test_page_answers"
)


class InProcess:
    """Stores of the engine in this process, each in a database of its own."""

    def __init__(self, folder) -> None:
        self.folder = str(folder)
        self._first = client_of(self.folder)  # the engine stays for as long as this is open

    def make(self, clock=time.time) -> ClickHouseStore:
        engine = Engine(client_of(self.folder), "chdb")
        place = Place(f"usage_{next(NUMBERS)}")
        care.init(engine, place)
        return ClickHouseStore(engine, found(engine, place.database), clock)


def pytest_collection_modifyitems(items):
    """Give an engine more time than a test has elsewhere: what hangs is ended all the same."""
    for item in items:
        ours = item.path.is_relative_to(Path(__file__).parent)
        if ours and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(HANG_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def fresh_is_clickhouse(tmp_path_factory):
    """Have the tests that take any store take one of ClickHouse."""
    usage.Fresh.make = InProcess(tmp_path_factory.mktemp("chdb")).make


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """Return a server of this process's own."""
    with running(tmp_path_factory.mktemp("engine")) as one:
        yield one


@pytest.fixture
def address(engine, monkeypatch):
    """Return the address of a store on it that holds nothing yet; the password is in a variable."""
    monkeypatch.setenv("JINA_TEL_STORE_PASSWORD", PASSWORD)
    store = engine.address(f"usage_{next(NUMBERS)}")
    servers().init(store, PASSWORD, "")
    return store
