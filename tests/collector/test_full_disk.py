"""A full disk: what is refused is refused whole, nothing is torn, and it goes on with new space."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from collecting import Collecting, line, wait_until

DISK = "mount -t tmpfs -o size=24m tmpfs {folder} && echo ready && exec cat"


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
