"""Nothing of ours is raised into the host, whatever breaks."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recalled import product, taken
from support import BARE

import jina_tel
from jina_tel import Telemetry
from jina_tel.facts import Choice

PACKAGE = os.path.dirname(jina_tel.__file__)


@pytest.fixture
def acme():
    taken()
    return product()


def started(telemetry):
    """Return a class whose starts are the product's."""

    @telemetry.instrumented
    class Flow:
        def start(self):
            return self

    return Flow


class Stubborn(io.StringIO):
    def write(self, text):
        raise RuntimeError("of the host's own stream")


@pytest.mark.parametrize("stream", [None, Stubborn(), 5])
def test_a_stderr_that_cannot_be_written(monkeypatch, acme, stream):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    monkeypatch.setattr(sys, "stderr", stream)

    assert started(acme)().start()


def test_a_fact_that_raises(acme):
    def read():
        raise RuntimeError("of the author's")

    telemetry = product(facts={"device": Choice(("gpu",), read, why="to show it")})

    assert started(telemetry)().start()
    assert ["Flow.start"] == taken()


PLACES = ["", "acme", "acme/uid", "acme/consent.json", "acme/product.json"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", ["file", "folder", "loop", "fifo"])
def test_something_stands_where_our_files_should(home, monkeypatch, receiver, place, what):
    path = home / "ours" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("ACME_TEL_HOME", str(home / "ours"))
    make = {
        "file": lambda: path.write_bytes(b"\0\xff{"),
        "folder": lambda: path.mkdir(),
        "loop": lambda: path.symlink_to(path),
        "fifo": lambda: os.mkfifo(path),
    }
    make[what]()
    acme = Telemetry("acme", endpoint=receiver.url)

    assert started(acme)().start()
    assert acme.flush() in (True, False)


CALLS = "open write close fstat lstat stat rename replace link mkdir unlink listdir urandom".split()
ERRORS = [
    errno.ENOSPC,
    errno.EIO,
    errno.EACCES,
    errno.EROFS,
    errno.EMFILE,
    errno.ENOENT,
    errno.EINTR,
]


@contextmanager
def broken(name, number, first, count):
    """Let calls of ``os.<name>`` fail that come from our package: ``count`` of them."""
    whole, calls = getattr(os, name), [0]

    def breaking(*given, **named):
        if sys._getframe(1).f_code.co_filename.startswith(PACKAGE):
            calls[0] += 1
            if first <= calls[0] < first + count:
                if name == "close":
                    whole(*given, **named)
                raise OSError(number, os.strerror(number))
        return whole(*given, **named)

    setattr(os, name, breaking)
    try:
        yield
    finally:
        setattr(os, name, whole)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(CALLS),
    number=st.sampled_from(ERRORS),
    first=st.integers(1, 20),
    count=st.sampled_from([1, 2, 1000]),
)
def test_whatever_the_system_refuses_the_host_does_not_notice(
    homes, monkeypatch, receiver, name, number, first, count
):
    monkeypatch.setenv("ACME_TEL_HOME", str(next(homes)))
    acme = Telemetry("acme", endpoint=receiver.url)

    with broken(name, number, first, count):
        Flow = started(acme)  # noqa: N806 - a class
        for _ in range(3):
            assert isinstance(Flow().start(), Flow)
        assert acme.flush(2.0) in (True, False)

    assert isinstance(Flow().start(), Flow)


def test_no_more_threads(monkeypatch, home, receiver):
    import _thread

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    acme = Telemetry("acme", endpoint=receiver.url)
    with monkeypatch.context() as broke:
        broke.setattr(_thread, "start_new_thread", refuse)
        flow = started(acme)()
        assert flow.start() is flow
        assert not acme.flush(0.2)

    assert acme.flush()
    assert 1 == len(receiver.events)


ODD = {"XDG_STATE_HOME": "no path that is absolute"}  # which platformdirs is asked

# Says of an instrumented program's modules what a broken environment says of one of them.
BROKEN = """
import sys

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name in sys.argv[1:]:
            raise {error}

sys.meta_path.insert(0, Broken())

from jina_tel import Telemetry

acme = Telemetry("acme", endpoint="memory:")

@acme.instrumented
class Flow:
    @acme.instrumented(name="Flow")
    def start(self):
        return 7

class Plugin(acme.Mixin):
    def start(self):
        return 8

acme.instrument("json:JSONDecoder.decode")
acme.uninstrument("json:JSONDecoder.decode")
print(Flow().start(), Plugin().start(), acme.flush(0) in (True, False), acme.status().because)
"""
ABSENT = 'ImportError("there is none")'
NO_DESCRIPTOR = 'OSError(24, "Too many open files")'


@pytest.mark.parametrize("error", [ABSENT, NO_DESCRIPTOR])
@pytest.mark.parametrize("module", ["wrapt jina_tel.debug", "platformdirs", "jina_tel.recorder"])
def test_a_module_that_cannot_be_imported(error, module):
    script = BROKEN.replace("{error}", error)
    odd = {**os.environ, **ODD}
    process = subprocess.run(
        [sys.executable, "-c", script, *module.split()],
        capture_output=True,
        text=True,
        env=odd,
        timeout=60,
    )

    assert (0, "") == (process.returncode, process.stderr)
    assert process.stdout.startswith("7 8 True ")


def test_a_module_that_cannot_be_imported_is_told_to_who_debugs(monkeypatch):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    script = BROKEN.replace("{error}", ABSENT)
    process = subprocess.run(
        [sys.executable, "-c", script, "wrapt"], capture_output=True, text=True, timeout=60
    )

    assert "acme: a part of jina_tel cannot be imported: there is none" in process.stderr


# A signal comes in the middle of an import of ours, and the host's handler starts something.
AMID = """
import os, signal, sys
from jina_tel import Telemetry

class Amid:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGUSR1)

acme = Telemetry("acme", endpoint=sys.argv[2])

@acme.instrumented
class Flow:
    def start(self):
        return self

for name in [name for name in sys.modules if name.partition(".")[0] == "json"]:
    del sys.modules[name]

signal.signal(signal.SIGUSR1, lambda *_: [Flow().start() for _ in range(3)])
sys.meta_path.insert(0, Amid())
Flow().start()
assert not any(type(finder) is Amid for finder in sys.meta_path)
assert acme.flush(30)
"""


@pytest.mark.parametrize("module", ["jina_tel.answers", "platformdirs.unix", "jina_tel.pipeline"])
def test_a_signal_handler_that_starts_amid_our_imports_loses_nothing(receiver, module):
    bare = {name: value for name, value in os.environ.items() if name not in BARE}
    bare |= ODD
    process = subprocess.run(
        [sys.executable, "-c", AMID, module, receiver.url], capture_output=True, text=True, env=bare
    )

    assert (0, "") == (process.returncode, process.stderr)
    assert ["Flow.start"] * 4 == [payload["event"] for payload in receiver.payloads]
    assert not receiver.losses


def test_a_start_at_the_limit_of_recursion_succeeds_or_has_not_been(acme):
    """Behind a start that succeeded ours needs more room than is left."""
    began = []

    @acme.instrumented
    class Flow:
        def start(self):
            began.append(self)

    def deep(levels):
        return deep(levels - 1) if levels else Flow().start()

    Flow().start()
    limit, failed = sys.getrecursionlimit(), 0
    for levels in range(limit - 150, limit):
        before = len(began)
        try:
            deep(levels)
        except RecursionError:
            failed += 1
            assert before == len(began)

    assert 0 < failed < 150
