"""What leaves a real process, and what a host around it may do meanwhile."""

from __future__ import annotations

import json
import socket
import struct
import threading

import pytest
from certificates import Authority
from machine import ended
from servers import ACCEPTED, Server, proxy, saying
from support import BARE

from jina_tel.testing import Healthy, Status

START = "from flow import Flow\nFlow().start()\n"

# Of the imports in our thread, those outside the gate that keeps a fork away.
IMPORTS = """
import _thread, sys
from flow import Flow, flush
from jina_tel import forks

main, gated, bare = _thread.get_ident(), [], []

def look(event, arguments):
    if event == "import" and _thread.get_ident() != main:
        (gated if forks._gate.locked() else bare).append(arguments[0])

sys.addaudithook(look)
Flow().start()
assert flush(30)
assert "jina_tel.delivery" in gated
print(bare)
"""


def imports_of(machine, **variables):
    done = machine.run(IMPORTS, **{**BARE, **variables})

    assert 0 == done.code, done.err

    return done.out


def test_every_import_of_our_thread_is_behind_the_gate(machine, receiver):
    assert "[]\n" == imports_of(machine)
    assert 1 == len(receiver.events)


def test_every_import_where_nothing_can_be_kept(machine, receiver):
    assert "[]\n" == imports_of(machine, JINA_TEL_HOME="/proc/none", CI="true")
    assert [False] == [event["kept"] for event in receiver.events]


@pytest.mark.parametrize("status", [202, 413, 429, 500])
def test_every_import_for_an_answer_with_all_there_is(machine, receiver, status):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    receiver.behaviour = [Status(status, retry_after=date, body=b'{"rejected": []}'), Healthy()]

    assert "[]\n" == imports_of(machine)


LATER = """
import sys, time
from flow import Flow
from jina_tel import process
Flow().start()
shipper = process.recordings[0]._pipeline.shipper
while shipper._turn.locked():
    time.sleep(0.001)
print("jina_tel.transports.http" in sys.modules)
"""


def test_what_sends_is_imported_by_who_sends_alone(machine, receiver):
    """And not in a pause that the endpoint has asked for."""
    receiver.behaviour = Status(503, retry_after=3600)

    assert "True\n" == machine.run(LATER, **BARE).out
    assert "False\n" == machine.run(LATER, **BARE).out
    assert 1 == len(receiver.requests)


def test_every_import_through_a_proxy(machine, receiver):
    with Server(proxy) as between:
        assert "[]\n" == imports_of(machine, HTTP_PROXY=between.url.replace("//", "//a:b@"))
        assert b"Proxy-Authorization" in between.requests[0]
    assert 1 == len(receiver.events)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_every_import_over_tls(machine, tmp_path, name):
    authority = Authority(tmp_path)
    with Server(saying(ACCEPTED), tls=authority.server(name)) as server, Server(proxy) as between:
        machine.endpoint = server.url.replace("127.0.0.1", name)
        variables = {"SSL_CERT_FILE": str(authority.file), "HTTPS_PROXY": between.url}

        assert "[]\n" == imports_of(machine, **variables)
    assert (1, 1) == (len(server.requests), between.connections)


def test_every_import_to_a_file(machine, tmp_path):
    machine.endpoint = f"file://{tmp_path}/events"

    assert "[]\n" == imports_of(machine)
    assert 1 == len((tmp_path / "events").read_text().splitlines())


def test_every_import_to_the_console(machine):
    machine.endpoint = "console:"

    assert "[]\n" == imports_of(machine)


def test_a_proxy_that_the_host_sets_later_is_used(machine, receiver):
    with Server(proxy) as between:
        script = f"""
            import os
            from flow import Flow, flush
            Flow().start()
            assert flush(30)
            os.environ["HTTP_PROXY"] = {between.url!r}
            Flow().start()
            assert flush(30)
        """

        assert (0, "", "") == machine.run(script)[:3]
        assert 1 == between.connections
    assert 2 == len(receiver.events)


CLOSES_ALL = """
import os, sys
from flow import Flow
Flow().start()
print("started", flush=True)
sys.stdin.readline()
os.closerange(3, 1000)
mine = [open(f"{sys.argv[0]}.{n}", "w+b") for n in range(100)]
print("closed", flush=True)
sys.stdin.readline()
for file in mine:
    file.flush()
    assert not os.fstat(file.fileno()).st_size, file.name
"""


def test_a_host_that_closes_all_descriptors_in_the_middle_of_a_request(machine, receiver):
    """The files that it opens then have our numbers, and stay empty and open."""
    asked, closed = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        closed.wait(30)
        return Healthy()

    receiver.behaviour = answer
    host = machine.start(CLOSES_ALL, stdin=-1, **BARE)

    assert "started\n" == host.stdout.readline()
    assert asked.wait(30)
    host.stdin.write("\n")
    host.stdin.flush()
    assert "closed\n" == host.stdout.readline()
    closed.set()
    receiver.behaviour = Healthy()
    host.stdin.write("\n")
    host.stdin.flush()

    assert (0, "", "") == ended(host)[:3]

    machine.deliver()

    assert 2 == len(receiver.events)


BIG_BODIES = """
import signal, sys, time
from jina_tel.transports.base import Body
from jina_tel.transports.http import HttpTransport
from jina_tel.errors import TransportError
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
transport = HttpTransport(sys.argv[1], None)
for _ in range(20):
    try:
        transport.send(Body(0, b"", b"x" * 5_000_000), time.monotonic() + 30)
    except TransportError:
        pass
print("alive")
"""


def test_a_broken_connection_does_not_end_a_host_that_has_given_sigpipe_its_default(machine):
    def talk(connection, server):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 ")
        connection.shutdown(socket.SHUT_WR)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Server(talk) as server:
        script = BIG_BODIES.replace("sys.argv[1]", repr(server.url))

        assert (0, "alive\n", "") == machine.run(script)[:3]


def test_the_token_is_sent_and_shown_nowhere(machine, receiver):
    receiver.behaviour = [Status(401), Status(503), Healthy()]
    variables = {"JINA_TEL_TOKEN": "s3cret-token", "JINA_TEL_DEBUG": "1"}
    script = "from flow import Flow, flush\nFlow().start()\nflush(10)\nflush(10)\nflush(10)\n"
    done = machine.run(script, **variables)
    kept = [path.read_bytes() for path in machine.home.rglob("*") if path.is_file()]

    assert 1 == len(receiver.events)
    assert {"Bearer s3cret-token"} == {r.headers["Authorization"] for r in receiver.requests}
    assert "s3cret" not in done.out + done.err
    assert not any(b"s3cret" in content for content in kept)


def test_with_a_home_that_cannot_be_written_nothing_is_kept(machine, receiver, mortal):
    machine.home.mkdir(mode=0o500)
    done = machine.run(START, under=mortal)

    assert (0, "", "") == done[:3]
    assert [False] == [event["kept"] for event in receiver.events]
    assert [] == list(machine.home.iterdir())


def test_an_endpoint_that_has_gone_is_asked_once_and_nothing_is_recorded(machine, receiver):
    receiver.behaviour = [Status(410), Healthy()]
    for _ in range(3):
        assert (0, "", "") == machine.run(START)[:3]

    assert (1, 0) == (len(receiver.requests), len(receiver.events))
    assert [] == machine.waiting()
    assert machine.contact()["gone"]


def test_a_ledger_line_keeps_its_id_when_it_is_sent_again(machine, receiver):
    script = """
        from flow import Flow, configure
        configure(events_per_minute=1)
        for _ in range(5):
            Flow().start()
    """
    with machine.leading():  # so that all of it is in one claim
        machine.run(script)
    receiver.behaviour = Status(500)
    machine.run(START)
    receiver.behaviour = Healthy()
    machine.deliver()
    lines = [json.loads(line) for r in receiver.requests for line in r.text.splitlines()]
    ids = [line["id"] for line in lines if "lost" in line]
    lost = sum(line["lost"]["too_many"] for line in receiver.losses)

    assert lost
    assert 8 == len(receiver.events) + lost
    assert len(ids) > len(set(ids)) == len(receiver.losses)
