"""How many rows a second the store takes, as it grows, on how much memory.

    python benchmarks/collector/store.py 10000000

Loads invented events (examples/demo_data.py) in batches of 50,000, as a collector under load does,
and prints the rows a second of wall time and of processor time, and the memory of the process; the
inventor's own time is left out. At the end: one event and one batch that came before, a uid that is
forgotten, and the bytes on disk.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
import demo_data

from jina_tel.collector.store import open_store

STEPS = 10


def main(events: int) -> int:
    """Print a line for each tenth of the events."""
    process = psutil.Process()
    world = demo_data.World(events, max(events // 42, 1), int(time.time()) // 86_400, seed=1)
    rows, before = world.rows(), process.memory_info().rss
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "usage.duckdb")
        store = open_store(str(path))
        done, wall, busy, batch = 0, 0.0, 0.0, []
        while batch := list(islice(rows, demo_data.BATCH)) or []:
            last = batch
            began, used = time.perf_counter(), time.process_time()
            done += store.load(batch, [])
            wall += time.perf_counter() - began
            busy += time.process_time() - used
            if done // (events // STEPS) > (done - len(batch)) // (events // STEPS):
                grown = (process.memory_info().rss - before) / 1e6
                print(f"{done:>12,} rows  {done / wall:>8,.0f}/s  {done / busy:>8,.0f}/s of a core"
                      f"  +{grown:.0f} MB", flush=True)  # fmt: skip
        for what, batch in (("one again", last[:1]), ("50,000 again", last)):
            began = time.perf_counter()
            store.load(batch, [])
            print(f"{what}: {time.perf_counter() - began:.3f} s")
        began = time.perf_counter()
        gone = store.forget(last[0].product, last[0].uid)
        print(f"a uid of {gone} events forgotten: {time.perf_counter() - began:.3f} s")
        store.close()
        print(f"{path.stat().st_size / done:.1f} bytes an event")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000))
