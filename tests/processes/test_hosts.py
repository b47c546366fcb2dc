"""Hosts of many kinds: none of them notices us, and the events arrive."""

from __future__ import annotations

import sys

import pytest
from machine import ended
from support import BARE

SHUT = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")

# Of another user, who may read all and has no entry in the list of users: so there is no home.
HOMELESS = (
    "setpriv --reuid 54321 --regid 54321 --clear-groups"
    " --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
).split()

START = """
from flow import Flow, flush
Flow().start()
if not flush(30):
    raise SystemExit("something still waits")
"""

HOSTS = {
    "an event loop that runs": """
        import asyncio
        from flow import Flow, flush
        async def main():
            Flow().start()
            await asyncio.sleep(0)
            Flow().start()
        asyncio.run(main())
    """,
    "a pool of threads": """
        from concurrent.futures import ThreadPoolExecutor
        from flow import Flow, flush
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: Flow().start(), range(2)))
    """,
    "another working directory": """
        import os
        from flow import Flow, flush
        Flow().start()
        os.chdir("/")
        Flow().start()
    """,
    "a working directory that is gone": """
        import os, tempfile
        from flow import Flow, flush
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
        Flow().start()
        Flow().start()
    """,
    "a strange umask": """
        import os
        os.umask(0o777)
        from flow import Flow, flush
        Flow().start()
        Flow().start()
    """,
    "a few descriptors": """
        import resource
        from flow import Flow, flush
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
        Flow().start()
        Flow().start()
    """,
    "streams that are None": """
        import sys
        from flow import Flow, flush
        sys.stdin = sys.stdout = sys.stderr = None
        Flow().start()
        Flow().start()
    """,
    "signals that come all the time": """
        import signal
        from flow import Flow, flush
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        Flow().start()
        Flow().start()
        flush(30)
        signal.setitimer(signal.ITIMER_REAL, 0)
    """,
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_of_this_kind_is_served(machine, receiver, host):
    process = machine.run(HOSTS[host].replace("\n        ", "\n") + "\nassert flush(30)\n")

    assert (0, "", "") == process[:3], process.err
    assert 2 == len(receiver.events)


@pytest.mark.parametrize("flags", [("-O",), ("-OO",), ("-B", "-u"), ("-W", "error", "-X", "dev")])
def test_python_with_these_flags_is_served(machine, receiver, flags):
    process = machine.run(START, *flags)

    assert (0, "", "") == process[:3], process.err
    assert 1 == len(receiver.events)


@pytest.mark.parametrize("debug", ["0", "1"])
def test_closed_streams_are_no_matter(machine, receiver, debug):
    process = machine.run(START, under=SHUT, JINA_TEL_DEBUG=debug)

    assert (0, "", "") == process[:3]
    assert 1 == len(receiver.events)


SPEAKING = """
import os, threading
def speak():
    while not ended.is_set():
        for number in (1, 2):
            try:
                os.write(number, b"of the host's")
            except OSError:
                pass  # closed, as without us
        ended.wait(0.0001)
ended = threading.Event()
threading.Thread(target=speak).start()
try:
    for _ in range(20):
        Flow().start()
    if not flush(30):
        raise SystemExit("something still waits")
finally:
    ended.set()
"""


@pytest.mark.parametrize("shut", ["<&- >&- 2>&-", ">&-", "2>&-"])
def test_what_is_printed_to_closed_streams_goes_into_nothing_of_ours(machine, receiver, shut):
    """The system gives the numbers of closed streams to whoever opens next."""
    streams = ("sh", "-c", f'exec "$@" {shut}', "sh")

    process = machine.run("from flow import Flow, flush" + SPEAKING, under=streams)

    assert 0 == process.code, process.err
    assert 20 == len(receiver.events)
    kept = [path.read_bytes() for path in machine.home.rglob("*") if path.is_file()]
    assert [] == [content for content in kept if b"of the host's" in content]


NOWHERE = dict.fromkeys(("HOME", "JINA_TEL_HOME"))
NOWHERE |= {f"XDG_{kind}_HOME": None for kind in ("CONFIG", "STATE", "DATA", "CACHE")}


def test_a_host_without_a_home_is_served_from_memory(machine, receiver, mortal):
    if not mortal:
        pytest.skip("only root can become a user that nobody knows")

    process = machine.run(START, under=HOMELESS, **NOWHERE, **BARE)

    assert (0, "", "") == process[:3], process.err
    assert [False] == [event["kept"] for event in receiver.events]


@pytest.mark.skipif(sys.platform != "linux", reason="XDG's folders are Linux's")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_home_that_is_not_there_is_not_made(machine, receiver, is_there):
    """Root could; what is missing in a home that is there is made by anybody."""
    home = machine.folder / "of-a-service"
    if is_there:
        home.mkdir()

    process = machine.run(START, **{**NOWHERE, "HOME": str(home)}, **BARE)

    assert (0, "", "") == process[:3], process.err
    assert 1 == len(receiver.events)
    assert is_there == (home / ".config" / "jina_tel" / "jina" / "uid").exists()
    assert is_there == home.exists()


@pytest.mark.parametrize("kept", [True, False])
def test_the_first_events_of_many_threads_are_all_there(machine, receiver, mortal, kept):
    if not kept:
        machine.home.mkdir(mode=0o500)
    script = """
        import sys, threading
        sys.setswitchinterval(1e-6)
        from flow import Flow, configure, flush
        configure(exit_seconds=30)
        gate = threading.Barrier(16)
        def work():
            gate.wait()
            Flow().start()
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    """
    for process in [machine.start(script, under=mortal) for _ in range(10)]:
        assert (0, "", "") == ended(process)[:3]

    if kept:
        machine.deliver()
    assert 160 + kept == len(receiver.events)
