"""A full disk: what is refused is refused whole, nothing is torn, and it goes on with new space."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from collecting import Collecting, line, wait_until

DISK = "mount -t tmpfs -o size=24m tmpfs {folder} && echo ready && exec cat"
UNTIL_GIVEN_UP = """
    import os, random, sys
    from pathlib import Path

    import duckdb
    from usage import row

    from jina_tel.collector.errors import StoreFullError
    from jina_tel.collector.store import open_store

    folder, chance, ids = Path(sys.argv[1]), random.Random(1), []
    store = open_store(str(folder / "usage.duckdb"))

    def load() -> None:
        more = [str(len(ids) + n) for n in range(900)]
        fact = f"{chance.getrandbits(600):x}"
        store.load([row(id, platform_version=f"{id}-{fact}") for id in more], [])
        ids.extend(more)

    while (folder / "usage.duckdb.wal").stat().st_size < 12_000_000:
        load()
    free = os.statvfs(folder)
    with (folder / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_bsize - 5_000_000)
    try:
        while True:
            load()
    except StoreFullError as error:
        assert isinstance(error.__cause__, duckdb.FatalException), error.__cause__
    (folder / "filler").unlink()
    load()
    found = store.rows("SELECT count(*), count(DISTINCT id) FROM events", {})
    assert found == [(len(ids), len(ids))], found
"""


@pytest.fixture
def disk(tmp_path):
    """Return a disk of 24 MiB, mounted at a folder for one process and those that enter it."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    words = ["unshare", "--mount", "sh", "-c", DISK.format(folder=tmp_path)]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if holder.stdout.readline() != "ready\n":
        pytest.skip("no disk can be mounted here")
    yield holder
    holder.communicate()


def test_a_full_disk_is_refused_and_nothing_is_lost_or_torn(disk, tmp_path):
    outside = Path(f"/proc/{disk.pid}/root{tmp_path}")
    inside = ("nsenter", "--target", str(disk.pid), "--mount")
    collector = Collecting(tmp_path, "--rate", "0", under=inside)
    acknowledged = [f"before-{n}" for n in range(10)]
    with contextlib.closing(collector.start()):
        assert 202 == collector.post(*map(line, acknowledged)).status

        wait_until(lambda: collector.metric("events_loaded_total") == 10)
        fill(outside / "filler")
        refused = wait_until(lambda: refusal(collector, acknowledged))

        assert (507, "30") == (refused.status, refused.headers["Retry-After"])
        assert "No space left" in refused.json["error"]

        os.unlink(outside / "filler")
        after = [f"after-{n}" for n in range(10)]

        assert 202 == collector.post(*map(line, after)).status

        wait_until(lambda: collector.ask("GET", "/healthz").status == 200)
        collector.stop()
        shutil.copytree(outside, tmp_path, dirs_exist_ok=True)

        assert sorted([*acknowledged, *after]) == collector.ids()


def test_a_store_that_the_engine_has_given_up_is_opened_again(disk, tmp_path):
    """As it is when the disk is full just while the log goes into the file."""
    inside = ["nsenter", "--target", str(disk.pid), "--mount", sys.executable, "-c"]
    environ = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run(
        [*inside, dedent(UNTIL_GIVEN_UP), tmp_path],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (0, "") == (done.returncode, done.stderr)


def fill(path: Path) -> None:
    """Leave not a byte."""
    with path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(1000))


def refusal(collector, acknowledged: list[str]):
    """Send more, and return the answer that it is not kept."""
    ids = [f"while-{len(acknowledged)}-{n}" for n in range(100)]
    said = collector.post(*map(line, ids))
    if said.status != 202:
        return said
    acknowledged += ids
    return None
