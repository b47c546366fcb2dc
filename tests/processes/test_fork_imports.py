"""What is imported late is imported under a gate, for which a fork waits.

Else a module's import lock may stay locked for ever in a child.
"""

from __future__ import annotations

import pytest
import trustme
from numbered import NUMBERED
from otlp import TAKEN, endpoint_of
from servers import Server, saying

from jina_tel.testing import Healthy, Receiver, Redirect, Rejecting, Status, Truncated

pytestmark = pytest.mark.bare

AUDIT = """
from jina_tel import forks
outside = set()

def watch(event, arguments):
    if event == "import" and arguments[0] not in sys.modules and not forks._gate.locked():
        outside.add(arguments[0])

sys.addaudithook(watch)
Flow("First").start()
flush({seconds})
Flow("Second").start()
flush({seconds})
"""
PRINT = "print(*sorted(outside))"
BURST = """
for number in range(20):
    Flow(f"F{number}").start()
assert "jina_tel.journal.lease" in sys.modules
flush(3)
"""

ANSWERS = [
    Status(503, retry_after=0),
    Truncated(),
    Status(413),
    Rejecting([1]),
    Redirect("/v1/elsewhere"),
    Redirect("//\xe9.example/"),
    Status(400, body=b'\0["rejected"\0]'),
    Status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    Healthy(),
]


def sees_none(machine, further="", **variables):
    process = machine.run(NUMBERED + AUDIT.format(seconds=3) + further + PRINT, **variables)

    assert 0 == process.code, process.err
    assert "" == process.out.splitlines()[-1]


def test_to_a_healthy_endpoint(machine, receiver):
    sees_none(machine)

    assert 2 == len(receiver.events)


def test_in_a_burst(machine, receiver):
    sees_none(machine, BURST)

    assert 22 == len(receiver.events)


def test_over_otlp(machine):
    with Server(saying(TAKEN)) as server:
        sees_none(machine, JINA_TEL_ENDPOINT=endpoint_of(server))

    assert 2 == len(server.requests)


def test_to_one_that_is_down(machine, receiver):
    receiver.close()

    sees_none(machine)


def test_to_one_that_answers_in_every_way(machine, receiver):
    receiver.behaviour = ANSWERS

    sees_none(machine)

    assert len(ANSWERS) <= len(receiver.requests)


def test_to_one_that_is_trusted(machine):
    authority = trustme.CA()
    certificate, trusted = machine.folder / "server.pem", machine.folder / "authority.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(trusted)

    with Receiver(certificate=certificate) as receiver:
        sees_none(machine, JINA_TEL_ENDPOINT=receiver.url, SSL_CERT_FILE=str(trusted))

        assert 2 == len(receiver.events)


def test_to_one_that_speaks_no_tls(machine, receiver):
    sees_none(machine, JINA_TEL_ENDPOINT=f"https://127.0.0.1:{receiver.port}/")


def test_through_a_proxy(machine, receiver):
    proxy = f"http://127.0.0.1:{receiver.port}"

    sees_none(machine, JINA_TEL_ENDPOINT="http://telemetry.invalid/", http_proxy=proxy)

    assert 2 == len(receiver.events)


@pytest.mark.parametrize("proxy", ["http://\xe9.example:9", "http://\xe9:word@127.0.0.1:9"])
def test_where_a_proxy_s_address_is_none(machine, proxy):
    sees_none(machine, JINA_TEL_ENDPOINT="http://telemetry.invalid/", http_proxy=proxy)


@pytest.mark.parametrize("endpoint", ["file", "console:", "memory:"])
def test_to_what_is_no_server(machine, endpoint):
    path = f"file://{machine.folder}/events.ndjson"

    sees_none(machine, JINA_TEL_ENDPOINT=path if endpoint == "file" else endpoint)


@pytest.mark.parametrize("answer", ["on", "o\\u006e"])
def test_where_answers_are_stored(machine, receiver, answer):
    """Read on the host's thread, at the first event; ``json`` alone knows escapes."""
    machine.state.mkdir(parents=True)
    (machine.state / "consent.json").write_text(f'{{"v": 1, "answer": "{answer}"}}')

    sees_none(machine)

    assert 2 == len(receiver.events)
