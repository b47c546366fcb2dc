"""``file:``: the same lines, whole, whoever else appends to the file."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import LINE, body_of, soon
from support import BARE, run

from jina_tel import files
from jina_tel.errors import TransportError
from jina_tel.transports import transport_for
from jina_tel.transports.base import Answer
from jina_tel.transports.file import FileTransport

BODY = body_of(LINE, {**LINE, "id": "a-1"})

WRITE = """
import sys
from servers import LINE, body_of, soon
from jina_tel.errors import TransportError
from jina_tel.transports.file import FileTransport
path, name = sys.argv[1:]
for number in range(50):
    lines = [{**LINE, "id": f"{name}-{number}-{n}", "pad": "x" * 9000} for n in range(10)]
    assert 202 == FileTransport(f"file://{path}").send(body_of(*lines), soon(60)).status
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.ndjson"


def append(path, body=BODY, seconds=10.0):
    return FileTransport(f"file://{path}").send(body, soon(seconds))


def test_the_lines_are_appended(path):
    assert Answer(202) == append(path)
    assert Answer(202) == append(path)

    assert BODY.content * 2 == path.read_bytes()


def test_what_is_appended_is_what_request_returns(path):
    transport = transport_for(f"file://{path}", None)
    transport.send(BODY, soon())
    transport.close()

    assert transport.request(BODY) == path.read_bytes()


def test_others_do_not_read_it(path):
    append(path)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_path_with_signs_of_its_own(tmp_path):
    FileTransport(f"file://{tmp_path}/a%20b%C3%A9%FF.ndjson?#").send(BODY, soon())

    assert [b"a b\xc3\xa9\xff.ndjson?#"] == os.listdir(os.fsencode(tmp_path))


def test_the_batches_of_many_processes_do_not_mix(path):
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), str(n)], env=environ)
        for n in range(4)
    ]

    assert [0] * 4 == [writer.wait(100) for writer in writers]

    ids = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    batches = [{name.rpartition("-")[0] for name in ids[n : n + 10]} for n in range(0, 2000, 10)]

    assert 2000 == len(ids) == len(set(ids))
    assert {1} == {len(batch) for batch in batches}


def test_half_a_line_that_a_killed_process_left_swallows_no_other(path):
    path.write_bytes(b'{"id": "ha')
    append(path)

    assert b'{"id": "ha\n' + BODY.content == path.read_bytes()


def test_what_a_full_disk_took_a_part_of_is_taken_back(path):
    """The bound of a file's size stands for the disk's: the system writes a part, then nothing."""
    append(path)
    out = run(
        """
        import resource, sys
        from servers import LINE, body_of, soon
        from jina_tel.errors import TransportError
        from jina_tel.transports.file import FileTransport
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        body = body_of(*[{**LINE, "id": str(n)} for n in range(200)])
        try:
            FileTransport("file://" + sys.argv[1]).send(body, soon())
        except TransportError as error:
            print(error)
        """.replace("sys.argv[1]", repr(str(path))),
        PYTHONPATH=os.pathsep.join(filter(None, sys.path)),
        **BARE,
    )

    assert "File too large" in out
    assert BODY.content == path.read_bytes()

    append(path)

    assert BODY.content * 2 == path.read_bytes()


def test_a_process_that_keeps_the_file_locked_keeps_us_until_the_deadline(path):
    append(path)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TransportError, match="others") as caught:
            append(path, seconds=0.1)

    assert not caught.value.left
    assert BODY.content == path.read_bytes()
    assert Answer(202) == append(path)


def test_a_process_that_lets_go_of_the_file_lets_us_go_on(path):
    append(path)
    with path.open("rb") as file, ThreadPoolExecutor() as threads:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threads.submit(append, path)
        with pytest.raises(TransportError):
            append(path, seconds=0.05)
        fcntl.flock(file, fcntl.LOCK_UN)

        assert Answer(202) == waiting.result(30)


def test_the_lock_is_given_back_though_a_child_holds_a_copy_of_the_descriptor(path):
    copies, closed = [], os.close

    def close(descriptor):
        copies.append(os.dup(descriptor))  # as a fork at this moment does
        closed(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "close", close)
        append(path)
    answer = append(path, seconds=0.1)
    for copy in copies:
        closed(copy)

    assert (1, Answer(202)) == (len(copies), answer)


@pytest.mark.parametrize("place", ["missing/events", "", "a%00b"])
def test_a_place_that_takes_nothing(tmp_path, place):
    with pytest.raises(TransportError, match="cannot append") as caught:
        append(f"{tmp_path}/{place}")

    assert not caught.value.left


@pytest.mark.parametrize("system", ["without locks", "with locks that fail"])
def test_a_file_system_without_locks_is_written_to_all_the_same(path, monkeypatch, system):
    def fail(descriptor):
        raise OSError(errno.ENOLCK, "no locks here")

    if system == "without locks":
        monkeypatch.setattr(files, "CAN_LOCK", False)
    else:
        monkeypatch.setattr(files, "seize", fail)
        monkeypatch.setattr(files, "release", fail)
    append(path)

    assert BODY.content == path.read_bytes()
