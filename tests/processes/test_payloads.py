"""What arrives is what the document shows, and tells of one run whatever processes it has."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import socket
import time
import uuid
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import pytest
from support import may_be_kept

from jina_tel import jina

EXAMPLE = Path(__file__).resolve().parent.parent / "data" / "example-payloads.json"

# A child has a child has a child; each starts, and so does what each asks a pool to do.
FAMILY = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from flow import Flow

METHOD = {method!r}

def work(depth):
    Flow().start()
    if depth:
        context = multiprocessing.get_context(METHOD)
        child = context.Process(target=work, args=(depth - 1,))
        child.start()
        with context.Pool(1) as pool:
            pool.map(in_pool, [1])
            pool.close()
            pool.join()
        child.join()
        assert child.exitcode == 0

def in_pool(_):
    Flow().start()

if __name__ == "__main__":
    work(3)
    context = multiprocessing.get_context(METHOD)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(in_pool, 1).result()
"""
MEMBERS = 4 + 3 + 1

HOST_OF_ANOTHER = """
import subprocess, sys
from flow import Flow
Flow().start()
subprocess.run([sys.executable, "-c", "from flow import Flow; Flow().start()"], check=True)
"""


def payload_of(machine, receiver, **variables):
    process = machine.run("from flow import *\nFlow().start()\nassert flush(30)", **variables)
    assert (0, "", "") == process[:3]
    [payload] = receiver.payloads
    return payload


def test_the_keys_and_types_are_those_of_the_document(machine, receiver):
    payload = payload_of(machine, receiver)

    for example in json.loads(EXAMPLE.read_text()):
        assert list(example) == list(payload)
        assert [type(value) for value in example.values()] == [*map(type, payload.values())]


def test_the_values_are_those_that_others_find(machine, receiver):
    before = datetime.now(timezone.utc).replace(tzinfo=None)
    payload = payload_of(machine, receiver)
    after = datetime.now(timezone.utc).replace(tzinfo=None)

    assert platform.machine() == payload["architecture"]
    assert platform.system() == payload["platform"]
    assert platform.release()[:200] == payload["platform-release"]
    assert platform.version()[:200] == payload["platform-version"]
    assert platform.python_version() == payload["python"]
    assert "Flow.start" == payload["event"]
    assert "(unset)" == payload["ci-vendor"]
    for name in jina.DISTRIBUTIONS:
        assert installed(name) == payload[name]
    assert before.timestamp() - 1 < datetime.fromisoformat(payload["uptime"]).timestamp()
    assert datetime.fromisoformat(payload["uptime"]) < after
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", payload["uptime"])
    assert 0 <= payload["uid"] < 2**53
    assert 8 == uuid.UUID(payload["session-id"]).version
    assert uuid.RFC_4122 == uuid.UUID(payload["session-id"]).variant


def installed(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(unset)"


def test_an_event_has_an_id_a_time_and_a_form_beside_its_payload(machine, receiver):
    before = time.time()
    payload_of(machine, receiver)
    [event] = receiver.events

    assert event.pop("kept", True) == may_be_kept(machine.home)
    assert ["id", "time", "product", "v", "payload"] == list(event)
    assert ("jina", 1) == (event["product"], event["v"])
    at = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    assert before <= at.timestamp() <= time.time()


def test_nothing_that_names_the_user_or_the_machine_leaves(machine, receiver):
    user = {"USER": "ada-lovelace", "LOGNAME": "ada-lovelace", "HOSTNAME": "analytical-engine"}
    payload_of(machine, receiver, **user)

    [request] = receiver.requests
    said = f"{request.path}\n{request.headers}\n{request.text}"
    node = uuid.getnode()
    secrets = [f"{node:012x}", ":".join(re.findall("..", f"{node:012x}")), str(node)]
    secrets += [socket.gethostname(), str(machine.folder), *user.values()]
    secrets += [getpass.getuser()] if len(getpass.getuser()) > 4 else []
    assert [] == [secret for secret in secrets if secret.lower() in said.lower()]


def test_each_start_is_a_session_and_all_are_of_one_run(machine, receiver):
    machine.run("from flow import *\nfor _ in range(5): Flow().start()\nassert flush(30)")

    assert 5 == len({payload["session-id"] for payload in receiver.payloads})
    assert 1 == len({(payload["uid"], payload["uptime"]) for payload in receiver.payloads})


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_three_levels_deep_are_of_one_run(machine, receiver, method):
    process = machine.run(FAMILY.format(method=method))
    assert (0, "", "") == process[:3]
    machine.deliver()

    runs = [(payload["uid"], payload["uptime"]) for payload in receiver.payloads]

    assert MEMBERS + 1 == len(runs)
    assert [1, MEMBERS] == sorted(runs.count(run) for run in set(runs))
    assert 1 == len({uid for uid, _ in runs})


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_without_a_home_the_children_have_the_uid_of_the_run(machine, receiver, method, mortal):
    """None is kept there, and the next run has another."""
    machine.home.mkdir(mode=0o500)
    script = FAMILY.replace("    Flow().start()\n", "    Flow().start()\n    assert flush(30)\n")
    script = script.replace("import Flow", "import Flow, flush").format(method=method)
    for _ in range(2):
        process = machine.run(script, under=mortal)
        assert (0, "", "") == process[:3], process.err

    assert 2 * MEMBERS == len(receiver.events)
    assert {False} == {event["kept"] for event in receiver.events}
    assert 2 == len({payload["uid"] for payload in receiver.payloads})
    assert 2 == len({(payload["uid"], payload["uptime"]) for payload in receiver.payloads})


def test_a_program_that_the_host_starts_is_another_run(machine, receiver):
    process = machine.run(HOST_OF_ANOTHER)
    assert (0, "", "") == process[:3]
    machine.deliver()

    assert 3 == len({payload["uptime"] for payload in receiver.payloads})
    assert 1 == len({payload["uid"] for payload in receiver.payloads})


def test_nothing_of_ours_stands_in_the_environment_of_what_the_host_starts(machine, receiver):
    process = machine.run("""
        import os, subprocess
        before = dict(os.environ)
        from flow import Flow
        Flow().start()
        print(before == dict(os.environ))
    """)

    assert (0, "True\n", "") == process[:3]


def test_the_uid_is_kept_with_0600_in_folders_with_0700(machine, receiver):
    payload_of(machine, receiver)

    modes = {path.name: path.stat().st_mode & 0o777 for path in machine.state.rglob("*")}
    assert 0o600 == modes["uid"]
    assert {0o600, 0o700} == set(modes.values())
    assert 0o700 == machine.state.stat().st_mode & 0o777
    assert 32 == os.path.getsize(machine.state / "uid")
