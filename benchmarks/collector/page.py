"""How long the page takes, cold and warm, over stores of several sizes, and what it costs.

For each store a collector is started on a copy of it, or on the server itself: the seconds until it
listens, the whole page asked for cold (the first after the start), cold again (another view) and
warm (nothing has changed), and the most memory that it had. The floor is a page of no content from
the same process.

    python examples/demo_data.py usage-1m.duckdb --events 1000000 --installs 24000
    python examples/demo_data.py usage-10m.duckdb
    python benchmarks/collector/page.py usage-1m.duckdb usage-10m.duckdb
    python benchmarks/collector/page.py clickhouse://ada@127.0.0.1:8123/usage
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

VIEWS = ("/", "/?weeks=53&ci=in", "/?weeks=53&version=3.35.0", "/report.json?weeks=4")
ROUNDS, WARM = 5, 20
BOUNDS = {"listening": 0.5, "cold": 1.0, "other view": 1.0, "warm": 0.1}


def main(stores: list[str]) -> int:
    """Print a table; return 1 where a bound is passed."""
    print(f"{'store':24} {'events':>11} {'B/event':>8}  {'  '.join(BOUNDS)}  floor  MB")
    worst = [measure(store) for store in stores]
    return int(any(worst))


def measure(store: str) -> bool:
    """Print the medians of some rounds on one store; return whether one is past its bound."""
    size = 0 if is_server(store) else Path(store).stat().st_size
    folder = None if is_server(store) else Path(store).parent
    with tempfile.TemporaryDirectory(dir=folder) as own:
        copy = store if is_server(store) else shutil.copy(store, own)
        events = events_of(copy)
        rounds = [one_round(copy, own) for _ in range(ROUNDS)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    times = "  ".join(f"{medians[name]:>{len(name)}.3f}" for name in (*BOUNDS, "floor"))
    name = "ClickHouse" if is_server(store) else Path(store).name
    print(f"{name:24} {events:>11,} {size / events:>8.1f}  {times}  {medians['megabytes']:.0f}")
    return any(medians[name] > bound for name, bound in BOUNDS.items())


def events_of(store: str) -> int:
    """Return how many events a store has."""
    from jina_tel.collector.store import open_store

    opened = open_store(store, os.environ.get("JINA_TEL_STORE_PASSWORD"))
    try:
        return int(opened.rows("SELECT count(*) FROM events", {})[0][0])
    finally:
        opened.close()


def is_server(store: str) -> bool:
    return "://" in store


def one_round(store: str, folder: str) -> dict[str, float]:
    """Start a collector on a store, ask for pages, and end it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "jina_tel", "collect", "--store", store, "--port", "0"]
    command += ["--segments", str(Path(folder) / "segments")]
    with subprocess.Popen([*command, "--rate", "0"], stdout=subprocess.PIPE, text=True) as process:
        port = port_of(process)
        listening = time.perf_counter() - began
        cold, *others = [seconds(port, view) for view in VIEWS]
        warm = statistics.median(seconds(port, "/") for _ in range(WARM))
        floor = statistics.median(seconds(port, "/icon.svg") for _ in range(WARM))
        megabytes = psutil.Process(process.pid).memory_info().rss / 1e6
        process.terminate()
    return {
        "listening": listening,
        "cold": cold,
        "other view": max(others),
        "warm": warm,
        "floor": floor,
        "megabytes": megabytes,
    }


def port_of(process: subprocess.Popen[str]) -> int:
    """Return where a collector listens, once it says so."""
    for line in process.stdout or ():
        if found := re.search(r":(\d+)/v1/events", line):
            return int(found[1])
    raise SystemExit("the collector did not start")


def seconds(port: int, path: str) -> float:
    """Return how long an answer took, to its last byte."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != http.client.OK:
        raise SystemExit(f"{path}: {response.status}")
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
