"""An idle server whose event was shipped: its threads, its sockets, and whether it wakes."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ..candidates import Candidate
from ..children import Sink, command, environment, new_home, staying
from ..tables import BARE, Findings, Plan, Table, Verdict, at_once, ours, senders, titled

SETTLE_SECONDS = 7.0  # longer than the batches of all of them wait


@dataclass(frozen=True)
class Idle:
    """What an idle process has and does.

    Attributes:
        threads: beside its own.
        sockets: that are open.
        wake_ups: how often the kernel has put one of its threads on a processor, a minute.
        calls: system calls a minute, by strace; None where strace cannot be had.
        children: processes that it has left running, or has not waited for.
    """

    threads: int
    sockets: int
    wake_ups: float
    calls: float | None
    children: int


def idle(candidate: Candidate, seconds: float) -> Idle:
    """Watch one process for so long."""
    with Sink(candidate.event) as sink, new_home() as home:
        line = command(candidate, "stay", sink.url)
        with staying(line, environment(home)) as process:
            if candidate.kind != "floor":
                sink.wait_for(1, 10)
            time.sleep(SETTLE_SECONDS)
            return _watch(process.pid, seconds)


def _watch(pid: int, seconds: float) -> Idle:
    before = _switches(pid)
    time.sleep(seconds)
    woken = (_switches(pid) - before) / seconds * 60
    traced = _traced(pid, seconds)
    calls = None if traced is None else traced / seconds * 60
    threads = len(os.listdir(f"/proc/{pid}/task")) - 1
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return Idle(threads, _sockets(pid), woken, calls, len(children))


def _switches(pid: int) -> int:
    """Return how often all threads have given up the processor or lost it."""
    tasks = Path(f"/proc/{pid}/task")
    lines = [line for task in tasks.iterdir() for line in (task / "status").read_text().split("\n")]
    return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)


def _sockets(pid: int) -> int:
    links = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.startswith("socket:") for link in links)


def _traced(pid: int, seconds: float) -> int | None:
    """Return how many system calls strace saw begin or end, None where it cannot be had."""
    if not shutil.which("strace"):
        return None
    with new_home() as folder:
        seen = folder / "calls"
        strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-p", str(pid), "-o", str(seen)], stderr=subprocess.PIPE
        )
        time.sleep(seconds)
        strace.terminate()
        complaint = strace.communicate()[1]
        if b"ermitted" in complaint:
            return None
        # What was under way when strace came, and is when it goes, has no result.
        return sum(") = " in line or ">) =" in line for line in seen.read_text().splitlines())


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Watch all that send, and a program that does nothing."""
    bare = titled(candidates, BARE)
    all_of = [bare, *senders(candidates)]
    found = at_once(all_of, 1, lambda one: idle(one, plan.idle_seconds))
    rows = [(title, *_cells(seen)) for title, (seen,) in found.items()]
    note = (
        f"{SETTLE_SECONDS:.0f} s after its event has arrived, watched for "
        f"{plan.idle_seconds:.0f} s in /proc, and again for as long by strace, all at once."
    )
    columns = (
        "",
        "threads",
        "sockets",
        "context switches/min",
        "system calls/min (strace)",
        "child processes",
    )
    table = Table("An idle server", note, columns, rows)
    return Findings([table], [_verdict(one.title, found[one.title][0]) for one in ours(all_of)])


def _cells(seen: Idle) -> tuple[str, ...]:
    calls = "no strace" if seen.calls is None else f"{seen.calls:.0f}"
    return str(seen.threads), str(seen.sockets), f"{seen.wake_ups:.0f}", calls, str(seen.children)


def _verdict(title: str, seen: Idle) -> Verdict:
    text = "{} threads, {} sockets, {} switches/min, {} calls/min".format(*_cells(seen))
    quiet = not (seen.threads or seen.sockets or seen.wake_ups or seen.calls or seen.children)
    target = "no thread, no wake-up, no open socket"
    return Verdict(f"an idle server, after its event was shipped ({title})", target, text, quiet)
