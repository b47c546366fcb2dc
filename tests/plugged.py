"""A pytest of its own, in which the plugin is installed, and a host whose tests it runs."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A host whose author chose an endpoint, and whose tests know nothing of telemetry.
HOST = """
    from jina_tel import Telemetry, instrumented

    telemetry = Telemetry("acme", endpoint="https://telemetry.invalid/v1/events")

    @telemetry.instrumented
    class Engine:
        def start(self):
            return self

    @instrumented
    class Flow:
        def start(self):
            return self
"""

# In a host's conftest: nothing may leave the process but to loopback, and nothing be kept.
GUARD = """
    import os, sys
    events = []

    def note(event, arguments):
        if event in ("socket.getaddrinfo", "socket.connect"):
            events.append((event, arguments[1:]))
        if event in ("os.mkdir", "os.rename"):
            events.append((event, arguments))

    sys.addaudithook(note)
    seen_by_conftest = dict(os.environ)
"""


@pytest.fixture(autouse=True)
def pytest_of_its_own(pytester, monkeypatch):
    """Make the plugin known as an installed one is: by the entry point that setup.cfg declares."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    points = setup["options.entry_points"]["pytest11"].strip()
    installed = pytester.mkdir("installed") / "jina_tel-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: jina_tel\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{points}\n")
    path = [str(installed.parent), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    # pytest rewrites what a plugin imports, and would write that down amid what GUARD watches.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for name in [name for name in os.environ if name.startswith(("JINA_TEL_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    pytester.makepyfile(host=HOST)
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = error")


def run(pytester, *arguments):
    return pytester.runpytest_subprocess(*arguments, timeout=60)
