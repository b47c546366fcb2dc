"""Hosts with a loop of their own: asyncio, uvloop, gevent."""

from __future__ import annotations

from collections import Counter

import pytest

NAMED = """
import sys
from jina_tel import flush, instrumented

@instrumented(name=lambda flow: flow.name)
class Flow:
    def __init__(self, name):
        self.name = name

    def start(self):
        return self

    async def __aenter__(self):
        await pause()
        return self.start()

    async def __aexit__(self, *_):
        pass
"""

LOOP = """
import asyncio

async def pause():
    await asyncio.sleep(0.001)

async def one(number):
    async with Flow(f"F{number}"):
        Flow(f"G{number}").start()

async def main():
    policy, loop = asyncio.get_event_loop_policy(), asyncio.get_running_loop()
    await asyncio.gather(*map(one, range(20)))
    assert asyncio.get_event_loop_policy() is policy
    return type(loop).__module__

"""


def told(receiver):
    return Counter(payload["event"].partition(".")[0] for payload in receiver.payloads)


TWENTY = Counter(f"{kind}{number}" for kind in "FG" for number in range(20))


def test_in_a_running_loop(machine, receiver):
    process = machine.run(NAMED + LOOP + "print(asyncio.run(main()))", "-W", "error")

    assert (0, "asyncio.unix_events\n", "") == process[:3]
    machine.deliver()
    assert TWENTY == told(receiver) - Counter(Flow=1)


def test_in_uvloop(machine, receiver):
    pytest.importorskip("uvloop")
    run = "import uvloop\nloop = uvloop.new_event_loop()\nprint(loop.run_until_complete(main()))"

    process = machine.run(NAMED + LOOP + run)

    assert (0, "uvloop\n", "") == process[:3]
    machine.deliver()
    assert TWENTY == told(receiver) - Counter(Flow=1)


GEVENT = """
{before}
import os, signal, time
from gevent import monkey
monkey.patch_all()
import gevent
{after}

def work(number):
    Flow(f"F{{number}}").start()
    gevent.sleep(0)
    ticks.append(number)

ticks = []
gevent.joinall([gevent.spawn(work, number) for number in range(20)], raise_error=True)
assert 20 == len(ticks)

child = os.fork()
if not child:
    signal.alarm(60)
    Flow("Child").start()
    assert flush(30)
    os._exit(0)
assert 0 == os.waitpid(child, 0)[1]

# Our thread waits for the endpoint; the hub goes on.
Flow("Slow").start()
began, turns = time.monotonic(), 0
while time.monotonic() - began < 0.3:
    gevent.sleep(0.001)
    turns += 1
assert turns > 20, turns
assert flush(30)
"""


@pytest.mark.parametrize("first", ["gevent", "jina_tel"])
def test_under_gevents_patches(machine, receiver, first):
    """Patched before we are imported, and after a first event."""
    pytest.importorskip("gevent")
    from jina_tel.testing import Slow

    receiver.behaviour = Slow(0.2)
    early = NAMED + 'Flow("Early").start()\n'
    script = GEVENT.format(
        before=early if first == "jina_tel" else "", after=early if first == "gevent" else ""
    )

    process = machine.run(script, "-W", "ignore")

    assert (0, "", "") == process[:3]
    assert Counter(["Early", "Child", "Slow", *(f"F{n}" for n in range(20))]) == told(receiver)


def test_gevent_greenlets_each_count_for_themselves(machine, receiver):
    pytest.importorskip("gevent")
    script = """
from gevent import monkey
monkey.patch_all()
import gevent
from flow import instrumented, flush

@instrumented(name="Both")
class Both:
    def start(self, inner=None):
        gevent.sleep(0.01)
        return inner and inner()

    def __enter__(self):
        gevent.sleep(0)
        return self.start()

both = Both()
gevent.joinall([gevent.spawn(both.__enter__) for _ in range(5)], raise_error=True)
both.start(lambda: gevent.spawn(Both().start).join())
assert flush(30)
"""
    process = machine.run(script.replace("from flow", "from jina_tel"), "-W", "ignore")

    assert (0, "", "") == process[:3]
    assert Counter(Both=7) == told(receiver)
