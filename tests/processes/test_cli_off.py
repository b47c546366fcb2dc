"""``jina-tel off`` among many: what is stored is whole, and nothing leaves behind it."""

from __future__ import annotations

import json
import subprocess

from commands import command, wait_here
from machine import HANG_SECONDS, ended, wait_until
from support import BARE, run
from terminal import environment, in_pipe, started

from jina_tel import answers
from jina_tel.folders import folders_of
from jina_tel.jina import JINA
from jina_tel.testing import Slow
from jina_tel.withdrawal import hold, let_go

WRITER = """
import threading
from flow import Flow, configure
configure(events_per_minute=10**9, exit_seconds=0)
ending = []
def read():
    input()
    ending.append(True)
reader = threading.Thread(target=read)
print("ready", flush=True)
reader.start()
while not ending:
    Flow().start()
reader.join()
"""


def writers(machine, count):
    found = [machine.start(WRITER, stdin=subprocess.PIPE) for _ in range(count)]
    for process in found:
        assert "ready\n" == process.stdout.readline()
    return found


def end(process):
    process.stdin.write("\n")
    assert (0, "", "") == ended(process)[:3]


def test_32_processes_that_answer_and_record_leave_a_whole_answer(machine, receiver, home):
    recording = writers(machine, 8)
    answering = [started(word) for _ in range(12) for word in ("on", "off")]
    path = home / "jina_tel" / "jina" / answers.FILE
    wait_until(path.exists)
    while any(process.poll() is None for process in answering):
        assert json.loads(path.read_bytes())["answer"] in ("on", "off")
    outcomes = [process.communicate() for process in answering]

    assert {0} == {process.returncode for process in answering}, outcomes

    assert 0 == in_pipe("off").returncode
    requests = len(receiver.requests)
    content = json.loads(path.read_bytes())

    assert "off" == content["answer"]
    for process in recording:
        end(process)
    assert requests == len(receiver.requests)
    assert [] == machine.parts()
    assert [] == list(machine.state.glob("*/sent/*"))
    assert [] == [file for file in path.parent.iterdir() if file.name.startswith("consent.json.")]


def test_off_waits_for_the_request_that_is_under_way_and_says_so(machine, receiver):
    receiver.behaviour = Slow(6.0)  # on a busy machine the command takes seconds to begin
    [process] = writers(machine, 1)
    wait_until(lambda: receiver.requests)
    done = in_pipe("off")
    requests, events = len(receiver.requests), len(receiver.events)

    assert sum(len(request.lines) for request in receiver.requests) == events  # all were answered
    assert 0 == done.returncode
    assert b"jina-tel: jina: a request is under way; waiting for its end\n" == done.stderr
    assert events
    end(process)
    assert (requests, events) == (len(receiver.requests), len(receiver.events))


def test_a_yes_behind_a_no_that_still_waits_holds_and_keeps_its_events():
    journal = wait_here(2)
    lock = hold(journal.folder, 0.0, make=True)  # as of a program that is stopped in a request
    off = started("off")

    assert b"a request is under way; waiting" in off.stderr.readline()
    wait_here(1)  # of a program that had seen the yes
    assert 0 == in_pipe("on").returncode
    out, err = off.communicate(timeout=HANG_SECONDS)
    let_go(lock)

    assert 0 == off.returncode
    assert b"deleted 2 events" in out
    assert b"jina is on: the stored answer" in err
    assert b"has not ended" not in err
    assert journal.waiting_bytes()


# One process that kills a fork of itself at every n-th line of ours, and looks what it left.
KILLED = """
import json, os, signal, sys
sys.path[:0] = [{tests!r}]
import jina_tel.cli.fence
from commands import CLOSED, command, wait_here
from jina_tel import answers
from jina_tel.folders import folders_of
from jina_tel.jina import JINA

ROOMS = ("answers", "files", "journal", "sent", "withdrawal")
OURS = tuple(f"/jina_tel/{{name}}.py" for name in ROOMS)
folders = folders_of(JINA.settings, os.environ)
os.makedirs(folders.config, exist_ok=True)

def off_until(line):
    def look(frame, event, argument):
        nonlocal line
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        line -= 1
        if line == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return look
    sys.settrace(look)
    code = command("off").code
    sys.settrace(None)
    os._exit(code)

killed = []
for line in range(1, 100_000, 7):
    answers.store(folders.config, "on", "2026-01-31T12:00:00Z")
    wait_here(1), wait_here(1, "http://127.0.0.1:1/")
    child = os.fork()
    if not child:
        off_until(line)
    status = os.waitpid(child, 0)[1]
    with open(os.path.join(folders.config, answers.FILE)) as file:
        says = json.load(file)["answer"]
    killed.append(says)
    assert says == answers.stored(folders, "jina").says
    if not status:
        break
    assert os.WIFSIGNALED(status), status
    if line % 50 == 1:
        assert 0 == command("off").code
        assert not [name for _, _, names in os.walk(folders.state) for name in names
                    if name.startswith(("events", "sending", "dropped"))]
print(killed.count("on"), killed.count("off"))
"""


def test_a_kill_in_the_middle_of_off_leaves_off_or_on():
    tests = [path for path in environment({})["PYTHONPATH"].split(":") if path]
    script = KILLED.format(tests=f"{tests[0]}/tests")
    on, off = map(int, run(script, **BARE).split())

    assert on > 10
    assert off > 10


def test_what_a_kill_left_half_written_is_no_answer(home):
    """It stands beside, under another name, and is not read."""
    folders = folders_of(JINA.settings, {"JINA_TEL_HOME": str(home / "jina_tel")})
    answers.store(folders.config, "off", "2026-01-31T12:00:00Z")
    (home / "jina_tel" / "jina" / "consent.json.17.abcdef01").write_text('{"answer": "on"')

    assert "off" == answers.stored(folders, "jina").says


def test_on_holds_for_a_program_that_runs(machine, receiver):
    command("off")
    [process] = writers(machine, 1)

    assert [] == receiver.requests
    command("on")
    wait_until(lambda: receiver.events)
    end(process)
