"""What is kept is bounded, what is lost is told, by reason and exactly."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter

import pytest
from machine import ended, lost, wait_until

from jina_tel.testing import Healthy, Hung, Status

MANY = """
from flow import Flow, configure
configure(events_per_minute=10**9, exit_seconds=0, {settings})
for _ in range({count}):
    Flow().start()
"""

# Starts as often as a line on its stdin says, and prints when it has.
OBEDIENT = """
import sys
from flow import Flow, configure
configure(events_per_minute=10**9, exit_seconds=0, {settings})
for line in iter(sys.stdin.readline, ""):
    for _ in range(int(line)):
        Flow().start()
    print("done", flush=True)
"""


def record(machine, count, settings=""):
    process = machine.run(MANY.format(count=count, settings=settings))
    assert (0, "", "") == process[:3]


def size(machine):
    return sum(part.stat().st_size for part in machine.parts())


class Obedient:
    def __init__(self, machine, settings):
        script = OBEDIENT.format(settings=settings)
        self.process = machine.start(script, stdin=subprocess.PIPE)

    def start(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        assert "done\n" == self.process.stdout.readline()

    def end(self):
        assert (0, "", "") == ended(self.process)[:3]


@pytest.mark.parametrize("bound", [16384, 65536])
def test_the_journal_holds_no_more_than_its_bound(machine, receiver, bound):
    receiver.close()
    for _ in range(3):
        record(machine, 200, f"journal_bytes={bound}")

        assert bound / 4 < size(machine) <= bound
    receiver.start()
    machine.deliver()

    assert {"journal_full"} == set(lost(receiver))
    assert 601 == len(receiver.events) + lost(receiver)["journal_full"]


def test_what_was_claimed_counts_for_the_bound(machine, receiver):
    """Also for a process that has not seen that it was claimed."""
    receiver.behaviour = Hung()
    one, other = (Obedient(machine, "journal_bytes=16384") for _ in range(2))
    for host in (one, other, one, other):
        host.start(5)
    wait_until(lambda: receiver.requests)
    assert any("sending" in part.name for part in machine.parts())

    for _ in range(4):
        for host in (one, other):
            host.start(25)

            assert size(machine) <= 16384
    one.end()
    other.end()
    receiver.close()
    receiver.behaviour = Healthy()
    receiver.start()
    machine.deliver()

    assert 221 == len(receiver.events) + lost(receiver)["journal_full"]


def test_processes_at_once_stay_within_the_bound(machine, receiver):
    receiver.close()
    hosts = [Obedient(machine, "journal_bytes=65536") for _ in range(8)]
    for host in hosts:
        host.process.stdin.write("100\n")
        host.process.stdin.close()
        host.process.stdin = None
    for host in hosts:
        assert (0, "done\n", "") == ended(host.process)[:3]

    assert size(machine) <= 65536 + 8 * 1000  # each may have been in the middle of one line
    receiver.start()
    machine.deliver()
    assert 801 == len(receiver.events) + lost(receiver)["journal_full"]


def test_what_waits_too_long_is_dropped_and_counted_once(machine, receiver):
    """Also where it takes three requests until one is accepted."""
    receiver.close()
    record(machine, 9)
    backdate(machine, "20", "19", most=7)  # the year
    receiver.behaviour = [Status(503, retry_after=0), Status(413), Healthy()]
    receiver.start()

    machine.deliver()

    assert 3 == len(receiver.events)
    assert {"too_old": 7} == lost(receiver)


def backdate(machine, before, after, most=1000):
    """Write the time of the first ``most`` lines in the journal anew."""
    before, after = f'"time":"{before}', f'"time":"{after}'
    for part in machine.parts():
        text = part.read_text()
        part.write_text(text.replace(before, after, most))
        most -= min(most, text.count(before))


@pytest.mark.parametrize(("days", "events"), [(1, 1), (3, 3)])
def test_how_long_is_the_authors_choice(machine, receiver, days, events):
    receiver.close()
    record(machine, 2)
    today, before = (time.strftime("%Y-%m-%dT", time.gmtime(time.time() - s)) for s in (0, 172800))
    backdate(machine, today, before)
    receiver.start()

    process = machine.run(f"""
        from flow import Flow, configure, flush
        configure(journal_days={days})
        Flow().start()
        assert flush(30)
        assert flush(30)
    """)

    assert (0, "", "") == process[:3]
    assert events == len(receiver.events)
    assert ({"too_old": 2} if days == 1 else {}) == lost(receiver)


def test_no_more_of_one_name_than_so_many_a_minute(machine, receiver):
    """Also where threads are at the first of a name in the same moment."""
    process = machine.run("""
        import sys, threading
        from jina_tel import configure, flush, instrumented
        sys.setswitchinterval(1e-6)
        configure(events_per_minute=5)

        @instrumented(name=lambda host: host.name)
        class Host:
            name = "First"
            def start(self):
                return self

        Host().start()
        gate = threading.Barrier(8)
        def work():
            host = Host()
            for number in range(200):
                host.name = f"Host{number}"
                gate.wait()
                for _ in range(2):
                    host.start()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert flush(30)
        assert flush(30)
    """)

    assert (0, "", "") == process[:3]
    names = Counter(payload["event"] for payload in receiver.payloads)
    assert 1 == names.pop("First.start")
    assert {f"Host{number}.start": 5 for number in range(200)} == names
    assert {"too_many": 200 * 11} == lost(receiver)


def test_lines_that_tell_of_losses_are_bounded_too(machine, receiver):
    receiver.close()
    for _ in range(20):
        record(machine, 20, "journal_bytes=4096")

        assert size(machine) <= 4096


def test_a_process_that_ends_writes_down_what_it_lost(machine, receiver):
    receiver.close()
    process = machine.run("from flow import *\nfor _ in range(100): Flow().start()")
    assert (0, "", "") == process[:3]
    receiver.start()

    machine.deliver()

    assert 61 == len(receiver.events)
    assert {"too_many": 40} == lost(receiver)


def test_a_killed_process_has_written_down_that_it_lost(machine, receiver):
    """Not how many, in the seconds before: that only a living process could say."""
    machine.run("""
        import os
        from flow import Flow
        for _ in range(100):
            Flow().start()
        os.kill(os.getpid(), 9)
    """)

    machine.deliver()

    assert 61 == len(receiver.events)
    assert {"too_many": 1} == lost(receiver)


def test_a_ledger_line_comes_again_under_its_id(machine, receiver):
    refused = []

    def refuse_the_first(request):
        asked = [line["id"] for line in request.lines if "lost" in line]
        if refused or not asked:
            return Healthy()
        refused.extend(asked)
        return Status(503, retry_after=0)

    receiver.behaviour = refuse_the_first
    machine.run("from flow import *\nfor _ in range(100): Flow().start()\nflush(2)")
    machine.deliver()
    told = [line["id"] for line in receiver.losses]

    assert refused
    assert set(refused) <= set(told)
    assert {"too_many": 40} == lost(receiver)


def test_what_a_refused_ledger_line_told_is_told_again(machine, receiver):
    receiver.close()
    machine.run("from flow import *\nfor _ in range(100): Flow().start()")
    receiver.behaviour = [Status(400), Healthy()]
    receiver.start()

    machine.deliver()

    told = lost(receiver)
    assert 40 == told.pop("too_many")
    assert 61 == len(receiver.events) + told.pop("refused")
    assert {} == told


def test_a_clock_set_back_holds_up_nothing(machine, receiver):
    receiver.close()
    record(machine, 3)
    [folder] = {part.parent for part in machine.parts()}
    backdate(machine, "20", "29")
    future = time.time() + 10 * 365 * 86400
    (folder / "contact.json").write_text(
        json.dumps(
            {
                "at": future,
                "said": "503",
                "failures": 9,
                "due": future + 3600,
                "asked": True,
                "slow": True,
                "gone": False,
                "waited": future,
            }
        )
    )
    receiver.start()

    machine.run("from flow import *\nconfigure(exit_seconds=30)\nFlow().start()")

    assert 4 == len(receiver.events)
    assert [] == receiver.losses
    assert machine.contact()["at"] < future - 86400
