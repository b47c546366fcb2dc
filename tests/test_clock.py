"""A test of the host's that stops the clock stops nothing of ours."""

from __future__ import annotations

import time

from support import run

from jina_tel.transports.base import REQUEST_SECONDS

FROZEN = """
import os, time
from jina_tel import Telemetry
from jina_tel.testing import Hung, Receiver

receiver = Receiver().start()
receiver.behaviour = Hung()
acme = Telemetry("acme", endpoint=receiver.url)

@acme.instrumented
class Flow:
    def start(self): ...

time.monotonic = lambda: 1.0
Flow().start()
receiver.wait_for_requests(1)
"""


def test_a_flush_ends():
    assert "False\n" == run(FROZEN + "print(acme.flush(0.3))\nos._exit(0)")


def test_an_exit_does_not_last_as_long_as_a_request():
    began = time.monotonic()
    run(FROZEN)

    assert time.monotonic() - began < REQUEST_SECONDS
