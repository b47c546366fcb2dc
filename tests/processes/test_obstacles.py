"""What stands in the way of a journal: the host does not notice, and what is lost is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from machine import lost

from jina_tel.testing import Healthy, Status

NOBODY = 65534
START = "from flow import *\nFlow().start()\nassert flush(30)\n"

# A file system of 64 KiB of the program's own, for as long as it lives.
SMALL_DISK = ("unshare", "--mount", "sh", "-c")
SMALL_DISK_SCRIPT = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'

FULL = """
import os
from flow import Flow, configure, flush
configure(events_per_minute=10**9)
{before}
with open(os.path.join(os.environ["JINA_TEL_HOME"], "filler"), "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(b"x" * 100)
    except OSError:
        pass
for _ in range(50):
    Flow().start()
os.unlink(filler.name)
Flow().start()
assert flush(30)
assert flush(30)
"""


def small_disk(machine):
    machine.home.mkdir()
    under = (*SMALL_DISK, SMALL_DISK_SCRIPT, str(machine.home))
    if subprocess.run([*under, "true"], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    return under


def test_a_full_disk_loses_what_it_does_not_take(machine, receiver):
    receiver.behaviour = [Status(503, retry_after=0), Healthy()]
    under = small_disk(machine)

    process = machine.run(FULL.format(before="Flow().start()"), under=under)

    assert (0, "", "") == process[:3], process.err
    told = lost(receiver)
    assert 52 == len(receiver.events) + told.pop("write_failed") + told.pop("corrupt", 0)
    assert {} == told


def test_on_a_disk_that_is_full_from_the_first_all_leaves_from_memory(machine, receiver):
    process = machine.run(FULL.format(before=""), under=small_disk(machine))

    assert (0, "", "") == process[:3], process.err
    assert 51 == len(receiver.events)
    assert {} == lost(receiver)


@pytest.mark.parametrize("most", [2000, 4096])
def test_a_line_that_was_torn_costs_itself_alone(machine, receiver, most):
    """A limit on files is a disk that is full in the middle of a line."""
    receiver.behaviour = [Status(503, retry_after=0), Healthy()]
    process = machine.run(f"""
        import resource
        from flow import Flow, configure, flush
        configure(events_per_minute=10**9)
        Flow().start()
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, hard))
        for _ in range(30):
            Flow().start()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        for _ in range(10):
            Flow().start()
        assert flush(30)
        assert flush(30)
    """)

    assert (0, "", "") == process[:3], process.err
    told = lost(receiver)
    assert 41 == len(receiver.events) + told.pop("write_failed") + told.pop("corrupt")
    assert {} == told


def read_only(machine):
    machine.home.mkdir(mode=0o500)


def missing(machine):
    machine.folder.joinpath("gone").mkdir(mode=0o500)
    machine.home = machine.folder / "gone" / "deeper" / "jina_tel"


def of_another_user(machine):
    machine.home.mkdir(mode=0o777)
    os.chown(machine.home, NOBODY, NOBODY)


def state_of_another_user(machine):
    machine.state.mkdir(parents=True, mode=0o777)
    os.chown(machine.state, NOBODY, NOBODY)


def a_link(machine):
    machine.home.mkdir()
    elsewhere = machine.folder / "elsewhere"
    elsewhere.mkdir()
    machine.state.symlink_to(elsewhere)


def a_dangling_link(machine):
    machine.home.mkdir()
    machine.state.symlink_to(machine.folder / "nowhere")


def a_file(machine):
    machine.home.write_text("of the user")


HOMES = (
    read_only,
    missing,
    of_another_user,
    state_of_another_user,
    a_link,
    a_dangling_link,
    a_file,
)


@pytest.mark.parametrize("place", HOMES, ids=lambda place: place.__name__)
def test_where_no_journal_can_be_kept_it_is_in_memory(machine, receiver, mortal, place):
    if os.geteuid() != 0 and "user" in place.__name__:
        pytest.skip("only root can give a folder away")
    place(machine)
    before = below(machine.folder)

    process = machine.run(
        "from flow import *\nconfigure(exit_seconds=30)\nFlow().start()",
        under=mortal,
        JINA_TEL_HOME=str(machine.home),
    )

    assert (0, "", "") == process[:3], process.err
    assert 1 == len(receiver.events)
    assert {} == lost(receiver)
    if place not in (a_link, a_dangling_link):  # there the uid is kept where the link leads
        assert before == below(machine.folder)


def below(folder):
    return sorted(str(path) for path in folder.rglob("*") if "script_" not in path.name)


def test_a_home_that_goes_away_comes_again(machine, receiver):
    process = machine.run("""
        import os, shutil
        from flow import Flow, configure, flush
        for _ in range(3):
            Flow().start()
            assert flush(30)
            shutil.rmtree(os.environ["JINA_TEL_HOME"])
        Flow().start()
        assert flush(30)
    """)

    assert (0, "", "") == process[:3], process.err
    assert 4 == len(receiver.events)
    assert {} == lost(receiver)


def test_a_home_that_becomes_read_only_is_left_for_memory(machine, receiver, mortal):
    process = machine.run(
        """
        import glob, os
        from flow import Flow, flush
        Flow().start()
        assert flush(30)
        [folder] = glob.glob(os.environ["JINA_TEL_HOME"] + "/jina/*/")
        os.chmod(folder, 0o500)
        Flow().start()
        assert flush(30)
        os.chmod(folder, 0o700)
        """,
        under=mortal,
    )

    assert (0, "", "") == process[:3], process.err
    assert 2 == len(receiver.events)


def a_folder_there(path):
    path.mkdir()


def a_pipe_there(path):
    os.mkfifo(path)


def a_link_there(path):
    path.symlink_to("/dev/full")


def garbage_there(path):
    path.write_bytes(b"\x00\xff{]" * 50)


def json_there(path):
    path.write_text(json.dumps([{"at": "never", "failures": [], "due": {}}]) * 3)


def nothing_there(path):
    path.write_bytes(b"")


def a_closed_file_there(path):
    path.write_text("of the user")
    path.chmod(0)


THINGS = (
    a_folder_there,
    a_pipe_there,
    a_link_there,
    garbage_there,
    json_there,
    nothing_there,
    a_closed_file_there,
)
FILES = (
    "events.jsonl sending-1 sending-1.at sending-9 sending-x sent contact.json shipper.lock"
    " ../product.json ../uid ../shown.json"
).split()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.__name__)
def test_what_stands_in_the_place_of_our_file_stops_nothing(machine, receiver, mortal, name, thing):
    machine.run("from flow import *\nconfigure(exit_seconds=0)\nFlow().start()")
    machine.deliver()
    receiver.clear()
    [lock] = machine.state.glob("*/shipper.lock")
    remove(lock.parent / name)
    thing(lock.parent / name)

    process = machine.run(f"{START}assert flush(30)", under=mortal)

    assert (0, "", "") == process[:3], process.err
    assert 1 == len(receiver.events)
    assert {"corrupt"} >= set(lost(receiver))


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def test_lines_that_are_not_ours_are_left_out_and_counted(machine, receiver):
    receiver.close()
    machine.run("from flow import *\nconfigure(exit_seconds=0)\nFlow().start()")
    [part] = machine.parts()
    good = part.read_bytes()
    bad = [b"{}", b"[1]", b"\xff", b'{"id":', good.strip().replace(b'"jina"', b'"acme"', 1)]
    part.write_bytes(good + b"\n".join(bad) + b"\n" + good.replace(b'-0"', b'-1"') + b'{"torn')
    receiver.behaviour = [Status(503, retry_after=0), Healthy()]
    receiver.start()

    machine.deliver()

    assert 3 == len(receiver.events)
    assert {"corrupt": len(bad) + 1} == lost(receiver)
    sent = "\n".join(request.text for request in receiver.requests)
    assert "acme" not in sent
