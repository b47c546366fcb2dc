"""Programs whose cost is counted, and never timed: the same number on every machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support import BARE, ROOT, is_missing

# No process listens there, and none but root can; so nothing is delivered, and the shipper rests.
NOWHERE = "http://127.0.0.1:9"

PROGRAM = '''
import os, sys, time

def prepared():
    """Return an instrumented object whose first event is recorded and whose shipper rests."""
    import jina_tel

    jina_tel.configure(events_per_minute=1_000_000_000, journal_bytes=1 << 32, notice="")

    @jina_tel.instrumented
    class Flow:
        def start(self):
            pass

    flow = Flow()
    flow.start()
    return flow

def rested():
    """Wait until the shipper has tried, and have it rest: what it does is counted nowhere."""
    until = time.monotonic() + 60
    while len(os.listdir("/proc/self/task")) > 1:  # seldom: that, too, is counted
        assert time.monotonic() < until
        time.sleep(0.5)
    found = os.walk(os.path.join(os.environ["JINA_TEL_HOME"], "jina"))
    assert any("contact.json" in names for _, _, names in found)
    from jina_tel import process

    process.recordings[0]._pipeline.shipper.rest()  # else it is due again where this is slow

def hung():
    """Have the endpoint be one that takes a request and never answers."""
    global server
    import socket

    server = socket.create_server(("127.0.0.1", 0))
    os.environ["JINA_TEL_ENDPOINT"] = f"http://127.0.0.1:{server.getsockname()[1]}"

def asked():
    """Wait until a request is under way: as long as it is, a thread of ours is at work."""
    global asking
    asking = server.accept()[0]
    asking.recv(1)

def bursts(seconds):
    """Have events that follow each other be a burst for so long, 0 for not at all."""
    from jina_tel import burst, recorder

    recorder.NEAR_SECONDS = burst.BURST_SECONDS = seconds

def wrapped():
    """Return an object whose method is under a wrapper of wrapt's that does nothing."""
    import wrapt

    def call(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs)

    class Flow:
        def start(self):
            pass

    Flow.start = wrapt.FunctionWrapper(Flow.start, call)
    return Flow()
'''


def needs(tool: str) -> None:
    """Skip where ``tool`` is missing or not allowed; in CI, which installs it, missing is wrong."""
    if not sys.platform.startswith("linux"):
        pytest.skip(f"{tool} counts on Linux only")
    if not shutil.which(tool):
        is_missing(f"{tool} is not installed (Debian and Ubuntu: apt install {tool})")
    tried = subprocess.run([tool, *_TRY[tool]], capture_output=True, text=True, timeout=60)
    if tried.returncode:
        pytest.skip(f"{tool} does not work here: {tried.stderr.strip()}")


_TRY = {"strace": ["-c", "true"], "valgrind": ["--tool=none", "true"]}


def count(
    script: str, home: Path, under: tuple[str, ...] = (), **variables: str
) -> tuple[str, str]:
    """Run a program behind ``PROGRAM`` and return what it printed on both streams."""
    environ = {name: value for name, value in os.environ.items() if name not in (*BARE, "CI")}
    environ |= {
        # Without site: what an environment's .pth files import differs from one to the next.
        "PYTHONPATH": os.pathsep.join((str(ROOT), sysconfig.get_path("platlib"))),
        "PYTHONHASHSEED": "0",  # or dictionaries cost another number each time
        "JINA_TEL_HOME": str(home),
        "JINA_TEL_ENDPOINT": NOWHERE,
        **variables,
    }
    done = subprocess.run(
        [*under, sys.executable, "-S", "-c", PROGRAM + script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr

    return done.stdout, done.stderr
