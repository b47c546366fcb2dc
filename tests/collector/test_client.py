"""The client itself, from a call to a row: also when 64 processes come at once."""

from __future__ import annotations

import os

import pytest
from collecting import wait_until
from machine import Machine, ended

from jina_tel.cli import main

COUNT = 64
FLOW = """
import os
from jina_tel import configure, flush, instrumented
configure(exit_seconds=0)

@instrumented
class Flow:
    def start(self): ...

print("ready", flush=True)
os.read(0, 1)  # the shot: all are held up here until the other end is closed
Flow().start()
assert flush(50)
"""


@pytest.fixture
def machine(home, collector):
    machine = Machine(home, collector.url)
    yield machine
    machine.close()


def test_64_processes_at_once_arrive_with_one_uid_and_each_once(machine, collector):
    listens, shot = os.pipe()
    processes = [machine.start(FLOW, stdin=listens) for _ in range(COUNT)]
    os.close(listens)
    assert {"ready\n"} == {process.stdout.readline() for process in processes}

    os.close(shot)

    assert {(0, "", "")} == {ended(process)[:3] for process in processes}
    wait_until(lambda: collector.metric("events_loaded_total") == COUNT)
    collector.stop()
    assert COUNT == len(collector.ids())


def test_jina_tel_forget_has_it_deleted(machine, collector, monkeypatch, capsys):
    assert 0 == machine.run(FLOW).code
    monkeypatch.setenv("JINA_TEL_ENDPOINT", collector.url)

    assert 0 == main(["forget", "--product", "jina"])
    assert "the endpoint deleted 1 event" in capsys.readouterr().out

    collector.stop()
    assert [] == collector.ids()


def test_a_client_of_a_stopped_product_stops(home, collectors):
    machine = Machine(home, collectors("--stop", "jina").url)
    assert 0 == machine.run(FLOW.replace("assert flush(50)", "flush(50)")).code

    assert machine.contact()["gone"]
    assert [] == machine.waiting()
    machine.close()
