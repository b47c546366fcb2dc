"""A test of the host's that stops the clock stops nothing of ours."""

from __future__ import annotations

import time

from support import ROOT, run

from jina_tel.transports.base import REQUEST_SECONDS

PACKAGE = ROOT / "jina_tel"
OF_ITS_OWN = {"collector", "testing"}  # processes of ours

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


def test_nothing_of_the_client_s_reads_the_clock_that_tests_stop():
    files = [file for file in PACKAGE.rglob("*.py") if not OF_ITS_OWN & set(file.parts)]
    readers = {file.name for file in files if "time.monotonic" in file.read_text("utf-8")}

    assert {"clock.py"} == readers


def test_a_flush_ends():
    assert "False\n" == run(FROZEN + "print(acme.flush(0.3), flush=True)\nos._exit(0)")


def test_an_exit_does_not_last_as_long_as_a_request():
    began = time.monotonic()
    run(FROZEN)

    assert time.monotonic() - began < REQUEST_SECONDS
