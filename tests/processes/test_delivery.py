"""What was recorded is delivered, once, whatever becomes of the process that recorded it."""

from __future__ import annotations

import signal
import time

import pytest
from machine import ended, wait_until

from jina_tel.testing import Healthy, Hung, Status

START = "from flow import Flow\nFlow().start()\n"

ENDS = {
    "it returns": ("", 0),
    "sys.exit": ("import sys; sys.exit(3)", 3),
    "an unhandled exception": ("raise ValueError('of the host')", 1),
    "os._exit": ("import os; os._exit(4)", 4),
    "SIGTERM": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "SIGKILL": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
}

FORKS = """
import os, sys
from flow import Flow
for end in (os._exit, sys.exit):
    child = os.fork()
    Flow().start()
    if not child:
        end(0)
    os.waitpid(child, 0)
"""

CHILDREN = """
import multiprocessing
from flow import Flow

def work():
    Flow().start()

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work) for _ in range(4)]
    Flow().start()
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
"""


def ids(lines):
    return [line["id"] for line in lines]


def known(machine, receiver):
    """Return the ids of what has arrived or waits."""
    return {*ids(receiver.events), *ids(machine.waiting())}


@pytest.mark.parametrize("ending", ENDS)
def test_an_event_arrives_once_however_the_process_ends(machine, receiver, ending):
    act, code = ENDS[ending]

    process = machine.run(START + act)

    assert code == process.code
    [id] = known(machine, receiver)
    machine.deliver()
    assert id in ids(receiver.events)
    assert 2 == len(receiver.events)
    assert [] == machine.waiting()


@pytest.mark.parametrize("ending", ENDS)
def test_an_event_is_on_disk_when_the_call_returns(machine, receiver, ending):
    receiver.close()

    machine.run(START + ENDS[ending][0])

    assert ["Flow.start"] == [line["payload"]["event"] for line in machine.waiting()]


def test_an_event_leaves_with_the_process_that_recorded_it(machine, receiver):
    machine.run("from flow import configure\nconfigure(exit_seconds=30)\n" + START)

    assert 1 == len(receiver.events)
    assert [] == machine.waiting()


def test_an_endpoint_down_for_one_life_gets_all_at_the_end_of_the_next(machine, receiver):
    receiver.close()
    machine.run(START)
    wait_until(lambda: time.time() > machine.contact()["due"])
    receiver.start()

    machine.run("from flow import configure\nconfigure(exit_seconds=30)\n" + START)

    assert 2 == len(receiver.events)
    assert [] == machine.waiting()


def test_an_endpoint_down_for_many_lives_gets_all(machine, receiver):
    receiver.close()
    for _ in range(20):
        assert (0, "", "") == machine.run(START)[:3]
    kept = ids(machine.waiting())
    assert 20 == len(set(kept))
    receiver.start()

    machine.deliver()

    assert 21 == len(receiver.events)
    assert {*kept} < {*ids(receiver.events)}
    assert 0 == receiver.duplicates
    assert [] == machine.waiting()


def test_what_was_in_mid_request_at_a_kill_comes_again_under_its_id(machine, receiver):
    receiver.behaviour = [Hung(), Healthy()]
    process = machine.start(START + "import time; time.sleep(60)")
    wait_until(lambda: receiver.requests)
    process.kill()
    ended(process)

    machine.deliver()

    first, *others = receiver.requests
    assert first.lines[0]["id"] in {line["id"] for request in others for line in request.lines}
    assert 2 == len(receiver.events)


def test_what_a_killed_process_had_sent_of_its_claim_is_not_sent_again(machine, receiver):
    receiver.behaviour = [Status(503, retry_after=0), Healthy(), Healthy(), Hung(), Healthy()]
    process = machine.start("""
        from flow import Flow, configure, flush
        configure(batch_events=1)
        for _ in range(6):
            Flow().start()
        flush(60)
    """)
    wait_until(lambda: len(receiver.requests) == 4)
    assert 2 == len(receiver.events)
    process.kill()
    ended(process)
    assert 4 == len(machine.waiting())

    machine.deliver()

    assert 7 == len(receiver.events)
    assert 0 == receiver.duplicates


def test_both_sides_of_a_fork_are_delivered(machine, receiver):
    assert (0, "", "") == machine.run(FORKS)[:3]

    machine.deliver()

    assert 5 == len(receiver.events)
    assert 5 == len(set(ids(receiver.events)))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_are_delivered(machine, receiver, method):
    assert (0, "", "") == machine.run(CHILDREN.format(method=method))[:3]

    machine.deliver()

    assert 6 == len(receiver.events)
    assert [] == machine.waiting()


def test_threads_that_start_at_once_are_delivered(machine, receiver):
    process = machine.run("""
        import threading
        from flow import Flow, configure, flush
        configure(events_per_minute=10_000)
        gate = threading.Barrier(16)
        def work():
            gate.wait()
            for _ in range(50):
                Flow().start()
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert flush(30)
    """)

    assert (0, "", "") == process[:3]
    assert 800 == len(receiver.events)
    assert 0 == receiver.duplicates


def test_processes_that_come_and_go_lose_nothing(machine, receiver):
    """Each is claimed from, elected, and over at any moment of the others."""
    script = START + "Flow().start()\n"
    for _ in range(5):
        for process in [machine.start(script) for _ in range(6)]:
            assert (0, "", "") == ended(process)[:3]

    machine.deliver()

    assert 61 == len(receiver.events)
    assert [] == machine.waiting()
