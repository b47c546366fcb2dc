"""An exit is never held up for long, whatever the endpoint does, and by one process alone."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from machine import lost, wait_until
from support import BARE, may_be_kept

from jina_tel import contact as contacts
from jina_tel.testing import Healthy, Hung, Slow, Status, Truncated

NAMELESS = "http://nothing.invalid:9/v1/events"  # RFC 2606: there will never be such a host
MARGIN_SECONDS = 1.0  # for a machine that has other things to do

HOST = """
import sys, time
from flow import Flow, configure
{before}
Flow().start()
print("to stdout", flush=True)
print("to stderr", file=sys.stderr, flush=True)
with open("left-at", "w") as file:
    file.write(str(time.monotonic()))
{ending}
"""
EXIT = "sys.exit(7)"

# A resolver that keeps us waiting, as it does behind a firewall: in C, without the GIL.
DEAF_RESOLVER = "import _socket; _socket.getaddrinfo = lambda *_: time.sleep(60)"

BEHAVIOURS = {
    "healthy": Healthy(),
    "slow": Slow(2.0),
    "hung": Hung(),
    "500": Status(500),
    "503": Status(503),
    "429 in seconds": Status(429, retry_after=2),
    "429 at a date": Status(429, retry_after=formatdate(time.time() + 3600, usegmt=True)),
    "truncated": Truncated(),
}
DEAD = ["a closed port", "no such name", "a deaf resolver"]
ENDPOINTS = [*BEHAVIOURS, *DEAD]


def set_up(machine, receiver, endpoint):
    """Let the endpoint behave so; return what the script does first."""
    if endpoint in BEHAVIOURS:
        receiver.behaviour = BEHAVIOURS[endpoint]
    elif endpoint == "a closed port":
        receiver.close()
    else:
        machine.endpoint = NAMELESS
    return DEAF_RESOLVER if endpoint == "a deaf resolver" else ""


def leave(machine, before="", ending=EXIT, **variables):
    """Run a host; return what it was to its user, and how many seconds it took to end."""
    process = machine.run(HOST.format(before=before, ending=ending), **BARE, **variables)
    return process[:3], process.at - float((machine.folder / "left-at").read_text())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_exit_code_and_output_are_those_without_us(machine, receiver, endpoint):
    before = set_up(machine, receiver, endpoint)

    for ending in (EXIT, "", "raise ValueError('of the host')"):
        without, _ = leave(machine, before, ending, JINA_OPTOUT_TELEMETRY="1")
        with_us, _ = leave(machine, before, ending)

        assert without == with_us


@pytest.mark.alone
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_exit_comes_no_later_than_it_may(machine, receiver, endpoint):
    before = set_up(machine, receiver, endpoint)
    _, without = leave(machine, before, JINA_OPTOUT_TELEMETRY="1")

    _, with_us = leave(machine, before)

    assert with_us < without + 0.3 + MARGIN_SECONDS


@pytest.mark.alone
def test_one_process_alone_waits_for_an_endpoint_that_cannot_be_reached(machine, receiver):
    before = set_up(machine, receiver, "a deaf resolver") + "\nconfigure(exit_seconds=4)"

    seconds = [leave(machine, before)[1] for _ in range(3)]

    assert 4.0 < seconds[0] < 4.0 + MARGIN_SECONDS
    assert max(seconds[1:]) < 1.0 + MARGIN_SECONDS


@pytest.mark.alone
def test_no_process_waits_for_an_answer_that_does_not_come_at_once(machine, receiver):
    """What is handed over arrives without us; and one alone waits where nothing was ever heard."""
    receiver.behaviour = Hung()
    before = "configure(exit_seconds=4)"
    seconds = [leave(machine, before)[1] for _ in range(3)]
    assert max(seconds) < 1.0 + MARGIN_SECONDS

    folder = next(machine.home.rglob("contact.json")).parent
    contacts.store(str(folder), contacts.Contact(unheard=20))
    seconds = [leave(machine, before)[1] for _ in range(2)]

    assert 4.0 < seconds[0] < 4.0 + MARGIN_SECONDS
    assert seconds[1] < 1.0 + MARGIN_SECONDS
    assert machine.contact()["slow"]


def test_what_nobody_heard_of_is_sent_again_and_counts_once(machine, receiver):
    receiver.behaviour = Slow(0.5)
    leave(machine)
    wait_until(lambda: receiver.events)
    assert 1 == machine.contact()["unheard"]
    assert 1 == len(machine.waiting())
    assert 1 == len(list(machine.home.rglob("sent/*")))  # as `show` has it
    receiver.behaviour = Healthy()

    machine.deliver()

    assert 2 == len(receiver.events)
    assert 1 == receiver.duplicates
    assert [] == machine.waiting()
    assert 0 == machine.contact()["unheard"]


@pytest.mark.alone
def test_an_answer_of_otlp_is_waited_for(machine, receiver):
    """What knows no ids counts twice what comes twice."""
    receiver.behaviour = Hung()
    machine.endpoint = f"otlp+{receiver.url}"

    _, seconds = leave(machine, "configure(exit_seconds=2)")

    assert 2.0 < seconds < 2.0 + MARGIN_SECONDS
    assert 1 == len(list(machine.home.rglob("sent/*")))  # it has left


@pytest.mark.alone
def test_children_wait_for_nothing(machine, receiver):
    receiver.behaviour = Hung()
    process = machine.run("""
        import multiprocessing, time
        from flow import Flow, configure
        configure(exit_seconds=4)

        def work(left_at):
            Flow().start()
            left_at.value = time.monotonic()

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            left_at = context.Value("d")
            child = context.Process(target=work, args=(left_at,))
            child.start()
            child.join()
            print(time.monotonic() - left_at.value, flush=True)
    """)

    assert (0, "") == (process.code, process.err)
    assert float(process.out) < 1.0 + MARGIN_SECONDS
    assert 1 == len(machine.waiting())


@pytest.mark.alone
def test_where_no_thread_can_be_started_an_exit_waits_for_nothing(machine, receiver):
    """As at the exit of Python 3.12.0 to 3.12.2."""
    before = """
import _thread
configure(exit_seconds=4)
Flow().start()
assert flush(30)
def refuse(*_):
    raise RuntimeError("can't create new thread at interpreter shutdown")
_thread.start_new_thread = refuse
""".replace("flush", "__import__('flow').flush")

    _, seconds = leave(machine, before)

    assert seconds < 1.0 + MARGIN_SECONDS
    assert 1 == len(machine.waiting())


@pytest.mark.alone
def test_in_ci_an_exit_waits_for_a_second(machine, receiver):
    """Nobody comes after it there who would deliver."""
    receiver.behaviour = Hung()

    _, in_ci = leave(machine, CI="true")

    assert 1.0 < in_ci < 1.0 + MARGIN_SECONDS


def test_what_comes_of_ci_is_marked(machine, receiver):
    leave(machine, CI="true")
    leave(machine)

    machine.deliver()

    kept = may_be_kept(machine.home)
    assert [False, kept, kept] == sorted(line.get("kept", True) for line in receiver.events)


@pytest.mark.parametrize("kind", ["in seconds", "at a date"])
def test_a_pause_that_is_asked_for_is_kept_by_all(machine, receiver, kind):
    after = 3600 if kind == "in seconds" else formatdate(time.time() + 3600, usegmt=True)
    receiver.behaviour = [Status(429, retry_after=after), Healthy()]
    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")
    assert 1 == len(receiver.requests)

    process = machine.run("from flow import *\nFlow().start()\nprint(flush(30))")

    assert (0, "False\n", "") == process[:3]
    assert 1 == len(receiver.requests)
    assert 2 == len(machine.waiting())
    assert 3500 < machine.contact()["due"] - time.time() <= 3600


@pytest.mark.parametrize("kind", ["in seconds", "at a date"])
def test_after_the_pause_all_is_delivered(machine, receiver, kind):
    after = 2 if kind == "in seconds" else formatdate(time.time() + 3, usegmt=True)
    receiver.behaviour = [Status(503, retry_after=after), Healthy()]
    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")
    wait_until(lambda: time.time() > machine.contact()["due"])

    machine.deliver()  # an exit waits for no endpoint that took a tenth of a second to refuse

    assert 2 == len(receiver.events)
    assert 0 == machine.contact()["failures"]


def test_a_refusal_puts_the_others_off(machine, receiver):
    receiver.behaviour = Status(500)
    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")
    due = machine.contact()["due"]
    for _ in range(3):
        machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")

    assert 1 == len([request for request in receiver.requests if request.at < due])
    assert 4 == len(machine.waiting())


def test_gone_stops_all_and_leaves_nothing(machine, receiver):
    receiver.behaviour = [Status(410), Healthy()]
    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")
    assert [] == machine.parts()

    process = machine.run("""
        import os
        from flow import Flow, flush
        for _ in range(3):
            Flow().start()
        flush(5)
    """)

    assert (0, "", "") == process[:3]
    assert 1 == len(receiver.requests)
    assert [] == machine.parts()
    assert 29.9 < (machine.contact()["due"] - time.time()) / 86400 <= 30.0


def test_gone_holds_in_the_process_that_hears_it(machine, receiver):
    receiver.behaviour = Status(410)

    process = machine.run("""
        from flow import Flow, flush
        Flow().start()
        flush(30)
        for _ in range(3):
            Flow().start()
        flush(5)
    """)

    assert (0, "", "") == process[:3]
    assert 1 == len(receiver.requests)
    assert [] == machine.parts()


def test_a_batch_too_large_is_halved(machine, receiver):
    receiver.close()
    machine.run("""
        from flow import Flow, configure
        configure(exit_seconds=0)
        for _ in range(20):
            Flow().start()
    """)
    assert 20 == len(machine.waiting())
    receiver.behaviour = lambda request: Status(413) if len(request.lines) > 3 else Healthy()
    receiver.start()

    machine.deliver()

    assert 21 == len(receiver.events)
    assert 0 == receiver.duplicates
    assert [] == receiver.losses


@pytest.mark.parametrize("status", [400, 422])
def test_a_batch_that_is_refused_is_dropped_and_counted(machine, receiver, status):
    receiver.behaviour = [Status(status), Healthy()]

    machine.run("from flow import *\nFlow().start()\nassert flush(30)")

    assert [] == receiver.events
    assert {"refused": 1} == lost(receiver)
    assert [] == machine.waiting()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_an_endpoint_that_refuses_all_is_left_alone(machine, receiver, status):
    """The line that tells of a refusal is refused, too: of that no other line must tell."""
    receiver.behaviour = Status(status)

    machine.run("from flow import *\nFlow().start()\nassert flush(30)")

    assert len(receiver.requests) <= 2
    assert [] == machine.waiting()
