"""The first run of many processes at once ends with one uid, and loses none of their events."""

from __future__ import annotations

import os

import pytest
from machine import ended
from support import may_be_kept

pytestmark = pytest.mark.bare

COUNT = 64


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("endpoints", [1, 16])
def test_many_processes_at_once_have_one_uid(machine, receiver, torn, endpoints):
    """Also where a hand or a power cut has torn what an earlier run had left, and many deliver."""
    if torn:
        machine.state.mkdir(parents=True)
        (machine.state / "uid").write_bytes(b"torn")
    listens, shot = os.pipe()
    script = """
        import os
        from flow import Flow, configure, flush
        configure(exit_seconds=0)
        print("ready", flush=True)
        os.read(0, 1)  # the shot: all are held up here until the other end is closed
        Flow().start()
        assert flush(50)
    """
    urls = [f"{receiver.url}?{number % endpoints}" for number in range(COUNT)]
    processes = [machine.start(script, stdin=listens, JINA_TEL_ENDPOINT=url) for url in urls]
    os.close(listens)
    assert {"ready\n"} == {process.stdout.readline() for process in processes}

    os.close(shot)

    assert {(0, "", "")} == {ended(process)[:3] for process in processes}
    assert COUNT == len(receiver.events)
    assert 1 == len({payload["uid"] for payload in receiver.payloads})
    assert {may_be_kept(machine.home)} == {event.get("kept", True) for event in receiver.events}
    assert [] == machine.waiting()
    assert ["uid"] == [path.name for path in machine.state.glob("uid*")]
