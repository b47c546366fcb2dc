"""Off is off: no file, no folder, no socket, no name look-up, no thread."""

from __future__ import annotations

import json
import subprocess

import pytest
from machine import ended, lost
from support import BARE

from jina_tel.testing import Healthy, Status

# What it did is printed at the very end: also what it does while it exits.
WATCHED = """
import atexit
from watched import imported, seen, threads
atexit.register(lambda: print(seen(), threads(), imported({modules}), flush=True))
from jina_tel import TelemetryMixin, flush, instrument, instrumented, status, uninstrument

@instrumented
class Flow:
    def start(self):
        return self

    @instrumented(name="Pod")
    async def run(self):
        return self

class Executor(TelemetryMixin):
    def __enter__(self):
        return self

class Client:
    def start(self):
        return self

instrument("__main__:Client.start")
for kind in (Flow, Client):
    kind().start()
Executor().__enter__()
try:
    Flow().run().send(None)  # by hand: an event loop opens sockets
except StopIteration:
    pass
{inspect}
assert flush(30), status()
assert status().allowed is {allowed}, status()
"""
BARENESS = """
for method in (Flow.__dict__["start"], Flow.__dict__["run"], Executor.__dict__["__enter__"],
               Client.__dict__["start"]):
    assert type(method) is type(lambda: 0), method
"""
FOREIGN = (
    *("wrapt", "platformdirs", "http", "http.client", "ssl", "zlib"),
    *("jina_tel.recorder", "jina_tel.transports.http"),
)
SENDING = (
    "http",
    "http.client",
    "jina_tel.transports.http",
    "jina_tel.delivery",
)

VARIABLES = [
    ("JINA_OPTOUT_TELEMETRY", ""),
    ("JINA_OPTOUT_TELEMETRY", "0"),
    ("JINA_OPTOUT_TELEMETRY", "false"),
    ("JINA_OPTOUT_TELEMETRY", "1"),
    ("DO_NOT_TRACK", "1"),
    ("DO_NOT_TRACK", "yes"),
]

OFF = json.dumps({"v": 1, "answer": "off", "at": "2026-01-31T12:00:00Z"})
ANSWERS = {
    "off": OFF,
    "of a later format": json.dumps({"v": 9, "answer": "off", "why": {}}),
    "torn": OFF[:20],
    "empty": "",
    "another word": json.dumps({"v": 1, "answer": "maybe"}),
    "no object": "[]",
    "no text": "\x00\xff",
}


def watch(machine, modules, *, bare=False, allowed=False, under=(), **variables):
    """Run a host under watch; return what it did, its threads, and what it imported."""
    script = WATCHED.format(
        modules=", ".join(map(repr, modules)),
        inspect=BARENESS if bare else "",
        allowed=allowed,
    )
    process = machine.run(script, under=under, **BARE, **variables)
    assert (0, "") == (process.code, process.err)
    return process.out


@pytest.mark.parametrize(("variable", "value"), VARIABLES)
def test_a_variable_leaves_no_trace(machine, receiver, variable, value):
    done = watch(machine, FOREIGN, bare=True, **{variable: value})

    assert "[] 1 []\n" == done
    assert not machine.home.exists()
    assert [] == receiver.requests


def test_the_watch_sees_what_is_done_otherwise(machine, receiver):
    done = watch(machine, FOREIGN, allowed=True)

    for trace in ("events.jsonl' to write", "os.mkdir", "socket.connect", "_thread.start_new"):
        assert trace in done
    for module in ("zlib", "jina_tel.recorder", "jina_tel.transports.http"):
        assert repr(module) in done
    assert 4 == len(receiver.events)


def test_without_an_endpoint_nothing_is_done(machine, receiver):
    assert "[] 1 []\n" == watch(machine, SENDING, JINA_TEL_ENDPOINT=None)
    assert not machine.home.exists()


@pytest.mark.parametrize("content", ANSWERS)
@pytest.mark.parametrize("where", ["jina_tel/jina", "jina_tel", "site/jina_tel"])
def test_a_stored_answer_leaves_no_trace(machine, receiver, where, content):
    """The user's for this product, the user's for all, and the administrator's."""
    folder = machine.folder / where
    folder.mkdir(parents=True)
    (folder / "consent.json").write_bytes(ANSWERS[content].encode("latin-1"))
    before = tree(machine.folder)

    done = watch(machine, SENDING)

    assert "[] 1 []\n" == done
    assert before == tree(machine.folder)
    assert [] == receiver.requests


@pytest.mark.parametrize("where", ["jina_tel/jina", "site/jina_tel"])
@pytest.mark.parametrize(
    "kind", ["unreadable", "a folder", "a link", "a pipe", "in a closed folder"]
)
def test_an_answer_that_cannot_be_read_is_a_no(machine, receiver, mortal, where, kind):
    folder = machine.folder / where
    folder.mkdir(parents=True)
    obstruct(folder / "consent.json", kind)

    assert "[] 1 []\n" == watch(machine, SENDING, under=mortal)
    assert [] == receiver.requests


def obstruct(path, kind):
    if kind == "a folder":
        path.mkdir()
    elif kind == "a link":
        path.symlink_to(path.with_name("nowhere"))
    elif kind == "a pipe":
        subprocess.run(["mkfifo", path], check=True)
    else:
        path.write_text(json.dumps({"v": 1, "answer": "on"}))
        (path if kind == "unreadable" else path.parent).chmod(0)


def tree(folder):
    return sorted(str(path) for path in folder.rglob("*") if "script_" not in path.name)


@pytest.mark.parametrize(("variable", "value"), VARIABLES)
def test_a_variable_set_later_stops_this_process(machine, receiver, variable, value):
    """As in a notebook. What stands in the journal is left to the others."""
    receiver.behaviour = [Status(503, retry_after=0), Healthy()]
    process = machine.start(
        f"""
        import os
        from watched import seen
        from flow import Flow, configure, flush
        configure(events_per_minute=1)
        Flow().start()
        Flow().start()
        input()
        Flow().start()  # a second loss: it is written down at the end, if it may be
        os.environ[{variable!r}] = {value!r}
        before = seen()
        for _ in range(5):
            Flow().start()
        assert flush(5)
        assert before == seen(), seen()[len(before):]
        """,
        stdin=subprocess.PIPE,
        **BARE,
    )
    assert 1 == machine.contact()["failures"]
    process.stdin.write("\n")

    assert (0, "", "") == ended(process)[:3]
    assert 1 == len(receiver.requests)
    machine.deliver()
    assert 2 == len(receiver.events)
    assert {"too_many": 1} == lost(receiver)


def test_a_variable_taken_back_lets_it_go_on(machine, receiver):
    process = machine.run("""
        import os
        from flow import Flow, flush
        for _ in range(2):
            Flow().start()
            os.environ["DO_NOT_TRACK"] = "1"
            Flow().start()
            del os.environ["DO_NOT_TRACK"]
        assert flush(30)
    """)

    assert (0, "", "") == process[:3]
    assert 2 == len(receiver.events)
