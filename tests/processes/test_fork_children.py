"""What a forked child and a daemon hold of ours, and what they do not."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from machine import wait_until
from numbered import NUMBERED, told

from jina_tel.testing import Healthy, Hung, Slow

pytestmark = pytest.mark.bare


def test_a_living_child_does_not_keep_the_leaders_lock(machine, receiver):
    """Forked in mid-request; then its parent is killed, and the child lives on."""
    receiver.behaviour = Hung()
    script = """
Flow("Parent").start()
while not (shipper().delivery and shipper().delivery.asking):
    time.sleep(0.001)
child = os.fork()
if not child:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
signal.pause()
"""
    parent = machine.start(NUMBERED + script, stdin=-1)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    receiver.behaviour = Healthy()

    machine.deliver()

    os.kill(child, 0)
    assert 1 == told(receiver)["Parent"]
    parent.stdin.close()
    parent.stdin = None


CHILD_ALIVE = """
Flow("Parent").start()
{until}
child = os.fork()
if not child:
    signal.alarm(60)
    Flow("Child").start()
    assert flush(30)
    os._exit(0)
assert 0 == os.waitpid(child, 0)[1]
assert flush(30)
"""


@pytest.mark.parametrize("when", ["at once", "in a request", "after it"])
def test_a_child_ships_for_itself(machine, receiver, when):
    until = {
        "at once": "",
        "in a request": "while not (shipper().delivery and shipper().delivery.asking): pass",
        "after it": "assert flush(30)",
    }[when]
    receiver.behaviour = Slow(0.2)

    process = machine.run(NUMBERED + CHILD_ALIVE.format(until=until))

    assert (0, "") == (process.code, process.err)
    assert Counter(Parent=1, Child=1) == told(receiver)


def test_a_daemon_that_forks_twice(machine, receiver):
    script = """
Flow("Before").start()
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.chdir("/")
os.umask(0)
os.closerange(0, 4096)
for _ in range(3):
    os.open(os.devnull, os.O_RDWR)
Flow("Daemon").start()
sys.exit(0)
"""
    process = machine.run(NUMBERED + script)

    assert (0, "", "") == process[:3]
    wait_until(lambda: {"Before", "Daemon"} <= names_known(machine, receiver))
    machine.deliver()
    assert Counter(Before=1, Daemon=1, Flow=1) == told(receiver)


def names_known(machine, receiver):
    waiting = {line["payload"]["event"].partition(".")[0] for line in machine.waiting()}
    return waiting | set(told(receiver))


CLOSING = """
import socket
Flow("First").start()
ours = shipper()
while not (ours.delivery and ours.delivery.asking):
    time.sleep(0.001)
time.sleep(float({seconds}))
os.closerange(3, 4096)
files = [open(f"mine{{number}}", "w+b", buffering=0) for number in range(6)]
pairs = [socket.socketpair() for _ in range(6)]
for file in files:
    file.write(b"mine")
for pair in pairs:
    for end in pair:
        end.send(b"mine")
while ours._turn.locked():
    time.sleep(0.001)
Flow("Second").start()
flush(30)
for file in files:
    assert os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))
    file.seek(0)
    assert b"mine" == file.read(), "a byte that is not mine"
for pair in pairs:
    for end in pair:
        assert b"mine" == end.recv(100), "a byte that is not mine, or one too few"
"""


@pytest.mark.parametrize("seconds", [0, 0.001, 0.05, 0.2])
@pytest.mark.parametrize("answer", [0.1, 1.0])
def test_a_host_that_closes_all_descriptors_in_the_middle_of_a_request(
    machine, receiver, seconds, answer
):
    """And opens files and sockets, which get the numbers of ours."""
    receiver.behaviour = [Slow(answer), Healthy()]

    process = machine.run(NUMBERED + CLOSING.format(seconds=seconds))

    assert (0, "", "") == process[:3]
    assert {"First", "Second"} == set(told(receiver))
