"""A process that forks while it records and ships: no dead-lock, and no event lost."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from machine import ended
from numbered import NUMBERED, told

from jina_tel.testing import Healthy, Slow

pytestmark = pytest.mark.bare

STORM = """
forks, threads = int(sys.argv[1]), int(sys.argv[2])
ended = threading.Event()

def record(number):
    for count in itertools.count():
        Flow(f"T{number}_{count}").start()
        counts[number] = count + 1
        if ended.wait(0.002):
            return

counts = [0] * threads
recording = [threading.Thread(target=record, args=(n,), daemon=True) for n in range(threads)]
for thread in recording:
    thread.start()
asked = 0
for number in range(forks):
    delivery = shipper().delivery if process.recordings else None
    asked += bool(delivery and delivery.asking)
    assert 0 == fork(lambda: [Flow(f"C{number}_{count}").start() for count in range(2)])
ended.set()
for thread in recording:
    thread.join()
assert flush(60), "something still waits"
print(asked, *counts)
"""


def expected(forks, counts):
    children = (f"C{number}_{count}" for number in range(forks) for count in range(2))
    parents = (f"T{n}_{count}" for n, made in enumerate(counts) for count in range(int(made)))
    return Counter([*children, *parents])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("behaviour", [Healthy(), Slow(0.02)], ids=["healthy", "slow"])
def test_a_storm_of_forks_while_threads_record_and_ship(machine, receiver, behaviour):
    """The children of a process that asks a slow endpoint fall into its requests."""
    receiver.behaviour = behaviour
    script = machine.start(
        NUMBERED + STORM.replace("sys.argv[1]", "'1000'").replace("sys.argv[2]", "'3'")
    )

    code, out, err, _ = ended(script, 240)

    assert (0, "") == (code, err)
    asked, *counts = out.split()
    assert expected(1000, counts) == told(receiver)
    assert [] == machine.waiting()
    if isinstance(behaviour, Slow):
        assert int(asked) > 50


IMPORTS = """
import http.client, json, email.parser, urllib.parse, zlib, random, calendar, selectors, socket
"""

EARLY = """
Flow("First").start()
unfinished = number = 0
while number < 15 or (number < 60 and "jina_tel.transports.http" not in sys.modules):
    unfinished += "jina_tel.transports.http" not in sys.modules
    Flow(f"P{number}").start()
    def child():
        exec(imports)
        Flow(f"C{number}").start()
    assert 0 == fork(child)
    number += 1
assert flush(60)
print(unfinished, number)
"""


@pytest.mark.timeout(300)
def test_forks_in_the_middle_of_our_imports(machine, receiver):
    """Right after the first event, while our thread imports what it sends with."""
    unfinished, wanted = 0, Counter()
    for _ in range(12):
        process = machine.run(NUMBERED + f"imports = {IMPORTS!r}\n" + EARLY)

        assert (0, "") == (process.code, process.err)
        early, forks = map(int, process.out.split())
        unfinished += early
        wanted += Counter(["First", *(f"{who}{n}" for who in "PC" for n in range(forks))])

    assert unfinished > 12
    assert wanted == told(receiver)


def test_the_shipper_gets_its_turn_in_a_storm_of_forks(machine, receiver):
    """Each start is followed by a fork at once, and no moment is left to our thread."""
    script = """
number = 0
while not os.path.exists("enough"):
    Flow(f"F{number}").start()
    assert 0 == fork(lambda: None)
    number += 1
os._exit(0)  # no exit of ours sends the rest
"""
    storm = machine.start(NUMBERED + script)

    receiver.wait(20, 60)

    (machine.folder / "enough").touch()
    assert (0, "") == (ended(storm).code, "")


# Ahead of our own hooks, so that before a fork its own is called behind them.
COUNTED = (
    """
import os
tasks, asking = [], []
os.register_at_fork(
    before=lambda: asking.append(shipper().asks()),
    after_in_parent=lambda: tasks.append(len(os.listdir("/proc/self/task"))),
)
"""
    + NUMBERED
)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts the kernel's threads")
def test_a_fork_that_finds_our_thread_waiting_leaves_no_thread(machine, receiver):
    """It waits between two claims; Python from 3.12 on would warn of it."""
    script = """
forks = 0
def wait(holds):
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0)

began = time.monotonic()
for number in range(150):
    if time.monotonic() - began > 2:
        break  # soon it has been put off for too long, and makes way no more
    Flow(f"F{number}").start()
    ours = shipper()
    # A thread that is on its way to its first turn has no number yet.
    wait(lambda: (ours._waiting and ours._task) or not ours._turn.locked())
    waiting = ours._waiting
    assert 0 == fork(lambda: None)
    if waiting:
        assert tasks[-1] == 1, tasks
        forks += 1
    elif tasks[-1] > 1:
        assert ours._turn.locked()
print(forks)
"""
    with machine.leading():
        process = machine.run(COUNTED + script, "-W", "error::DeprecationWarning")

    assert (0, "") == (process.code, process.err)
    assert int(process.out) > 10


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts the kernel's threads")
def test_a_fork_right_after_a_start_leaves_no_thread_but_one_that_asks(machine, receiver):
    """It waits for its first turn then, or imports; on a busy machine it has come further."""
    script = """
while tasks.count(1) < 5 and len(tasks) < 20:
    Flow(f"F{len(tasks)}").start()
    assert 0 == fork(lambda: None)
    if tasks[-1] > 1:
        flush(30)
print(tasks.count(1), sum(count > 1 and not asks for count, asks in zip(tasks, asking)))
"""
    receiver.behaviour = Slow(1.5)  # longer than a fork waits for a thread that is near its end
    process = machine.run(COUNTED + script)

    assert (0, "") == (process.code, process.err)
    left_none, left_one_at_rest = map(int, process.out.split())
    assert left_none >= 5
    assert left_one_at_rest <= 1
