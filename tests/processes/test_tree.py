"""Children of multiprocessing belong to the run that began them, however they are begun."""

from __future__ import annotations

import pytest
from machine import wait_until

METHODS = ["fork", "spawn", "forkserver"]

# multiprocessing is imported after the class was decorated, as in most programs.
BOUND = """
from flow import Flow

if __name__ == "__main__":
    import multiprocessing

    context = multiprocessing.get_context({method!r})
    flow = Flow()
    flow.start()
    children = [context.Process(target=flow.start) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert 0 == child.exitcode
"""

DEEP = """
from flow import Flow

def descend(method, depth):
    Flow().start()
    if depth:
        import multiprocessing
        context = multiprocessing.get_context(method)
        child = context.Process(target=descend, args=(method, depth - 1))
        child.start()
        child.join()
        assert 0 == child.exitcode

if __name__ == "__main__":
    descend({method!r}, 3)
"""

POOLS = """
from concurrent.futures import ProcessPoolExecutor
from flow import Flow

def work(number):
    Flow().start()
    return number

if __name__ == "__main__":
    import multiprocessing

    context = multiprocessing.get_context({method!r})
    Flow().start()
    with context.Pool(2) as pool:
        assert list(range(4)) == pool.map(work, range(4))
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(range(4)) == list(pool.map(work, range(4)))
"""


def one_run(machine, receiver, count):
    """See that so many events arrive, and that they are of one run."""
    wait_until(lambda: count <= len(machine.waiting()) + len(receiver.events))
    machine.deliver()
    payloads = receiver.payloads[:-1]  # but that of the process that delivers
    assert count == len(payloads)
    assert 1 == len({(payload["uid"], payload["uptime"]) for payload in payloads})
    assert count == len({payload["session-id"] for payload in payloads})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("script", "count"), [(BOUND, 4), (DEEP, 4), (POOLS, 9)])
def test_all_events_are_of_one_run(machine, receiver, method, script, count):
    process = machine.run(script.format(method=method))

    assert (0, "", "") == process[:3]
    one_run(machine, receiver, count)


def test_a_program_that_the_host_starts_is_a_run_of_its_own(machine, receiver):
    script = """
import subprocess, sys
from flow import Flow, flush
Flow().start()
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "other"], check=True)
assert flush(30)
"""
    assert (0, "", "") == machine.run(script)[:3]

    first, second = receiver.payloads
    assert first["uptime"] != second["uptime"]
    assert first["uid"] == second["uid"]


def test_nothing_is_put_into_the_environment_of_the_host(machine):
    script = """
import os
before = dict(os.environ)
from flow import Flow
import multiprocessing
Flow().start()
assert before == dict(os.environ)
"""
    assert (0, "", "") == machine.run(script)[:3]
