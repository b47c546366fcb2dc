"""A no that is stored while others write and send: behind it nothing leaves, and nothing stands."""

from __future__ import annotations

import os
import subprocess
import threading
import time

import pytest
from machine import ended, wait_until

from jina_tel import answers, withdrawal
from jina_tel.folders import folders_of
from jina_tel.settings import Settings
from jina_tel.testing import Healthy, Slow, Status

WRITER = """
import threading
from flow import Flow, configure
configure(events_per_minute=10**9, exit_seconds=0)
print("ready", flush=True)
ending = []
def read():
    input()
    ending.append(True)
reader = threading.Thread(target=read)
reader.start()
while not ending:
    Flow().start()
reader.join()
"""

SLEEPER = """
from flow import Flow, configure
Flow().start()
configure(events_per_minute=10**9)
print("ready", flush=True)
input()
"""


@pytest.fixture
def folders(home):
    return folders_of(Settings("jina"), os.environ)


def say_no(folders, seconds=withdrawal.QUIET_SECONDS):
    return withdrawal.withdraw(folders, "2026-01-31T12:00:00Z", seconds)


def started(machine, script, **variables):
    process = machine.start(script, stdin=subprocess.PIPE, **variables)
    assert "ready\n" == process.stdout.readline()
    return process


def end(process):
    process.stdin.write("\n")
    assert (0, "", "") == ended(process)[:3]


def sent(machine):
    return list(machine.state.glob("*/sent/*"))


@pytest.mark.parametrize("endpoint", ["healthy", "closed"])
def test_nothing_leaves_and_nothing_stands_while_eight_write(machine, receiver, folders, endpoint):
    if endpoint == "closed":
        receiver.close()
    writers = [started(machine, WRITER) for _ in range(8)]
    wait_until(lambda: receiver.events or endpoint == "closed")
    wait_until(machine.parts)

    done = say_no(folders)
    requests = len(receiver.requests)

    assert done.is_quiet
    time.sleep(2.0)  # twice as long as a writer believes what it has read
    assert requests == len(receiver.requests)
    for writer in writers:
        end(writer)
    assert requests == len(receiver.requests)
    assert [] == machine.parts()
    assert [] == sent(machine)


def test_it_waits_for_a_request_that_is_under_way(machine, receiver, folders):
    receiver.behaviour = Slow(1.5)
    process = started(machine, SLEEPER)
    wait_until(lambda: receiver.requests)
    assert [] == receiver.events

    done = say_no(folders)

    assert done.is_quiet
    assert 1 == len(receiver.events)
    assert [] == machine.parts()
    assert [] == sent(machine)
    end(process)
    assert 1 == len(receiver.requests)


def test_it_does_not_wait_forever(machine, receiver, folders):
    """A shipper may be stopped, as by Ctrl-Z, in mid-request."""
    receiver.behaviour = Slow(60)
    process = started(machine, SLEEPER)
    wait_until(lambda: receiver.requests)

    done = say_no(folders, seconds=0.2)

    assert not done.is_quiet
    assert [] == machine.parts()
    process.kill()


def test_the_journals_of_all_endpoints_are_purged(machine, receiver, folders):
    receiver.behaviour = Status(503)
    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")
    machine.run("from flow import *\nFlow().start()", JINA_TEL_ENDPOINT="http://127.0.0.1:9/")
    assert 2 == len(machine.waiting())
    assert 1 == len(sent(machine))

    done = say_no(folders)

    assert (2, 1, True) == (done.events, done.bodies, done.is_quiet)
    assert [] == machine.parts()
    assert [] == sent(machine)


def test_an_answer_that_cannot_be_stored_deletes_nothing(machine, receiver, folders):
    receiver.close()
    machine.run("from flow import *\nFlow().start()")
    (machine.state / answers.FILE).mkdir()

    with pytest.raises(OSError, match="consent"):
        say_no(folders)

    assert 1 == len(machine.waiting())


def test_what_was_lost_is_not_written_down_behind_a_no(machine, receiver, folders):
    """A process that has counted losses says nothing more at its end."""
    receiver.close()
    process = started(machine, SLEEPER.replace("10**9)", "1)\nfor _ in range(9): Flow().start()"))

    say_no(folders)
    end(process)

    assert [] == machine.parts()


def test_a_yes_later_lets_the_same_process_go_on(machine, receiver, folders):
    script = SLEEPER + 'print("ready", flush=True)\ninput()\nFlow().start()\nassert flush(30)\n'
    process = started(machine, script.replace("Flow, configure", "*", 1))
    receiver.wait(1)
    say_no(folders)
    process.stdin.write("\n")
    process.stdin.flush()
    assert "ready\n" == process.stdout.readline()
    answers.store(folders.config, "on", "2026-02-01T12:00:00Z")
    time.sleep(1.1)  # what a process believes of the answer it has read

    end(process)

    assert 2 == len(receiver.events)


def test_many_nos_at_once_are_one(machine, receiver, folders):
    receiver.behaviour = Healthy()
    writers = [started(machine, WRITER) for _ in range(2)]
    threads = [threading.Thread(target=say_no, args=(folders,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    requests = len(receiver.requests)

    for writer in writers:
        end(writer)

    assert requests == len(receiver.requests)
    assert [] == machine.parts()
