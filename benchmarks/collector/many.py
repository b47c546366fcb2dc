"""What several collectors take in together, into one ClickHouse engine on the same machine.

    .venvs/scale/bin/python benchmarks/collector/many.py --seconds 20

The engine is chdb's behind the HTTP server of the tests; each collector is a process with a disk
folder of its own, as ``jina-tel collect`` starts it; the load generator is this process. All of
them share the machine's processors. The requests are those of ``load.py``: 100 events each.

Printed, a row each: how many collectors; events that were acknowledged in a second; events in a
second, counted until the store had the last of them, and how many seconds later that was; the
middle and the slowest hundredth of the answers' times; and how many seconds of a processor a
million events took of the collectors, of the engine and of the load generator. Last, whether the
counts are those of the events that were acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import uvloop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scale"))

from engine import PASSWORD, Engine, running  # noqa: E402
from load import BATCH, Load, metric, requests_of  # noqa: E402

from jina_tel.collector.store import open_store, servers  # noqa: E402

OFFERED = (0, 50_000)  # events a second; 0 is as many as are taken
PREPARED = 60_000  # events a second that are prepared where all are taken
COLLECTORS = (1, 3)
WAIT_SECONDS = 300


def main() -> None:
    """Measure each number of collectors with each load, and print it."""
    parser = argparse.ArgumentParser(description="measure collectors on one ClickHouse engine")
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    os.environ["JINA_TEL_STORE_PASSWORD"] = PASSWORD
    heads = ("taken/s", "stored/s", "s late", "ms", "ms 99%", "col s/M", "eng s/M", "gen s/M")
    print(f"{'collectors, offered':24}{''.join(f'{head:>10}' for head in heads)}")
    for offered in OFFERED:
        for number in COLLECTORS:
            with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "engine") as one:
                measure(one, Path(folder), number, offered, given.seconds)


def measure(engine: Engine, folder: Path, number: int, offered: int, seconds: float) -> None:
    """Send for so long, wait until all of it is stored, print the row, and count again."""
    store = engine.address()
    servers().init(store, PASSWORD, "")
    requests = requests_of(BATCH, int(seconds * (offered or PREPARED) / BATCH))
    with ExitStack() as stack:
        started = [stack.enter_context(Collector(folder / str(n), store)) for n in range(number)]
        processes = [[one.process for one in started], [engine.process], []]
        before = [spent(group) for group in processes]
        began = time.perf_counter()
        loads = [
            Load(requests[n::number], seconds, offered / BATCH / number) for n in range(number)
        ]
        uvloop.run(send(loads, [one.port for one in started]))
        took = time.perf_counter() - began
        answers = [answer for load in loads for answer in load.answers]
        until = wait_for_stored(began, [one.port for one in started], len(answers) * BATCH)
        each = [spent(group) - at for group, at in zip(processes, before, strict=True)]
    events = len(answers) * BATCH
    show(number, offered, events, took, until, answers, each)
    opened = open_store(store, PASSWORD)
    [(stored,)] = opened.rows("SELECT count(*) FROM events", {})
    [(counted,)] = opened.rows("SELECT sum(starts) FROM tallies", {})
    opened.close()
    print(f"  {events:,} acknowledged, {stored:,} stored, {counted:,} counted")


async def send(loads: list[Load], ports: list[int]) -> None:
    own = psutil.Process()
    await asyncio.gather(*(load.run(port, own) for load, port in zip(loads, ports, strict=True)))


def wait_for_stored(began: float, ports: list[int], events: int) -> float:
    while sum(metric(port, "events_loaded_total") for port in ports) < events:
        if time.perf_counter() - began > WAIT_SECONDS:
            raise SystemExit("the store never had all of it")
        time.sleep(0.1)
    return time.perf_counter() - began


def spent(processes: list[subprocess.Popen[str]]) -> float:
    """Return the seconds of a processor that these have had, or this one where there are none."""
    watched = [psutil.Process(one.pid) for one in processes] or [psutil.Process()]
    return sum(sum(one.cpu_times()[:2]) for one in watched)


def show(
    number: int,
    offered: int,
    events: int,
    took: float,
    until: float,
    answers: list[float],
    each: list[float],
) -> None:
    middle = statistics.median(answers) * 1000
    slow = sorted(answers)[int(len(answers) * 0.99)] * 1000
    costs = "".join(f"{seconds / events * 1e6:10.1f}" for seconds in each)
    name = f"{number}, {f'{offered:,} a second' if offered else 'all that is taken'}"
    print(
        f"{name:24}{events / took:10,.0f}{events / until:10,.0f}{until - took:10.1f}"
        f"{middle:10.1f}{slow:10.1f}{costs}",
        flush=True,
    )


class Collector:
    """One collector with a folder of its own."""

    def __init__(self, folder: Path, store: str) -> None:
        folder.mkdir()
        words = ["collect", "--store", store, "--port", "0", "--rate", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jina_tel", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def __enter__(self) -> Collector:
        assert self.process.stdout
        address = next(text.split()[-1] for text in self.process.stdout if "/v1/events" in text)
        self.port = urlsplit(address).port or 0
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


if __name__ == "__main__":
    main()
