"""A host that closes all descriptors, and is given our numbers for files of its own."""

from __future__ import annotations

import errno
import fcntl
import os

import pytest
from servers import LINE, body_of, soon
from support import run

from jina_tel import Telemetry, files
from jina_tel.errors import TransportError
from jina_tel.files import Held
from jina_tel.journal import lease
from jina_tel.journal.disk import DiskJournal
from jina_tel.journal.part import DiskPart
from jina_tel.testing import Receiver
from jina_tel.transports.file import FileTransport


def test_a_number_that_the_host_has_taken_over_is_left_alone(tmp_path):
    held = Held(files.open_file(str(tmp_path / "ours"), files.WRITE))
    number = held.number
    theirs = os.open(tmp_path / "theirs", os.O_WRONLY | os.O_CREAT)
    os.dup2(theirs, number)
    held.close()

    assert not held.is_ours()
    assert 1 == os.write(number, b"x")

    os.close(number)
    os.close(theirs)


def test_a_number_that_was_taken_over_before_we_came_to_hold_it_is_refused(tmp_path):
    """Between the opening and us the host closed all, and opened a file of its own."""
    theirs = os.open(tmp_path / "theirs", os.O_WRONLY | os.O_CREAT)

    with pytest.raises(files.TakenError, match="the host has closed"):
        Held(theirs)
    files.close(theirs)

    assert 1 == os.write(theirs, b"x")
    assert not [held for held in Held.every if held.number == theirs]
    os.close(theirs)


@pytest.mark.parametrize(
    "use", ["read_bytes", "write_new", "append", "lease", "read_part", "finish", "file"]
)
def test_a_file_whose_number_the_host_takes_is_not_used_any_more(tmp_path, monkeypatch, use):
    """The host closes all, and opens a file of its own, right behind our opening."""
    theirs = os.open(tmp_path / "theirs", os.O_RDWR | os.O_CREAT)
    os.write(theirs, b"theirs\n" * 3)
    fcntl.flock(theirs, fcntl.LOCK_EX)
    (tmp_path / "ours").write_bytes(b"ours\n")
    opening, taken = files.open_file, []

    def open_and_lose(path, flags):
        taken.append(opening(path, flags))
        os.dup2(theirs, taken[-1])
        return taken[-1]

    monkeypatch.setattr(files, "open_file", open_and_lose)
    with pytest.raises((OSError, TransportError), match="the host has closed"):
        USES[use](tmp_path)

    assert b"theirs\n" * 3 == (tmp_path / "theirs").read_bytes()
    assert is_locked(tmp_path / "theirs")
    for number in (*taken, theirs):
        os.close(number)  # of which one that we had closed would say EBADF


def is_locked(path):
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


USES = {
    "read_bytes": lambda folder: files.read_bytes(str(folder / "ours")),
    "write_new": lambda folder: files.write_new(str(folder / "new"), b"ours"),
    "append": lambda folder: DiskJournal(str(folder), 0).append(b"ours", 1000),
    "lease": lambda folder: lease.take(str(folder / "ours"), 1 << 20),
    "finish": lambda folder: DiskPart(str(folder / "ours")).finish(),
    "read_part": lambda folder: DiskPart(str(folder / "ours")).read(1, 1000),
    "file": lambda folder: FileTransport(f"file://{folder}/file").send(body_of(LINE), soon(10)),
}


def test_a_delivery_whose_file_the_host_takes_is_made_again_and_not_without_end(monkeypatch, home):
    reading, tries = DiskPart.read, []

    def taken(part, most_events, most_bytes):
        tries.append(1)
        if len(tries) < 3:
            raise files.TakenError(errno.EBADF, "the host has closed a file of ours")
        return reading(part, most_events, most_bytes)

    monkeypatch.setattr(DiskPart, "read", taken)
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url)
        acme._record("Flow.start")

        assert acme.flush(30)
        assert ["Flow.start"] == [payload["event"] for payload in receiver.payloads]
        assert not receiver.losses


def test_a_number_that_the_host_has_closed_is_not_ours(tmp_path):
    held = Held(files.open_file(str(tmp_path / "ours"), files.WRITE))
    os.close(held.number)

    assert not held.is_ours()
    assert not held.forget()


def test_threads_that_open_at_once_are_given_no_number_of_a_closed_stream(tmp_path):
    least = run(
        """
        import os, sys, threading
        from jina_tel import files

        sys.setswitchinterval(1e-6)
        os.close(0)
        seen = []

        def work():
            for _ in range(3000):
                number = files.open_file("ours", files.WRITE)
                seen.append(number)
                os.close(number)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(min(seen))
        """,
        cwd=tmp_path,
    )

    assert int(least) > 2
