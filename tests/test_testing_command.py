"""``python -m jina_tel.testing``: a receiver for whoever tries things out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from talking import event, loss, ndjson


@pytest.fixture
def command():
    started = []
    # As it is without us: what is printed into a pipe waits in a buffer.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

    def start(*arguments):
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "jina_tel.testing", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environ,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_prints_its_url_and_each_payload_until_ctrl_c(command):
    process = command()
    url = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/events", url)
    lines = event("a"), event("a"), loss("x"), event("b", uid=2)

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(urllib.request.Request(url, ndjson(*lines)), timeout=10).close()

    payloads = [json.dumps(one["payload"], indent=2) for one in (lines[0], lines[3])]
    expected = "\n".join(payloads) + "\n"
    assert expected == "".join(process.stdout.readline() for _ in expected.splitlines())
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_the_command_says_when_the_port_is_taken(command, receiver):
    out, error = command("--port", str(receiver.port)).communicate(timeout=10)

    assert out == ""
    assert error.startswith(f"cannot listen on port {receiver.port}: ")
    assert error.count("\n") == 1


def test_importing_it_does_not_import_pytest():
    program = (
        "import sys, jina_tel.testing; print('pytest' in sys.modules, '_pytest' in sys.modules)"
    )
    # A subprocess that measures coverage must not bring pytest along.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environ
    )

    assert done.stdout == "False False\n", done.stderr
