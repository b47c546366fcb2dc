"""Locks, atomic writes, and descriptors that may be another's by now."""

from __future__ import annotations

import errno
import os
import resource
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import files_below, mode_of, run

from jina_tel import files
from jina_tel.files import Held


@pytest.fixture
def opened(tmp_path):
    """Return a way to open one file again and again, as several processes do."""
    path, held = tmp_path / "file", []

    def again():
        held.append(files.open_file(path, files.UPDATE | os.O_CREAT))
        return held[-1]

    yield again
    for descriptor in held:
        os.close(descriptor)


def test_the_shared_lock_is_shared_and_the_exclusive_one_is_not(opened):
    one, other, third = opened(), opened(), opened()

    assert files.share(one)
    assert files.share(other)
    assert not files.seize(third)

    files.release(one)
    files.release(other)

    assert files.seize(third)
    assert not files.share(one)
    assert not files.seize(one)

    files.release(third)

    assert files.share(one)


def test_a_lock_is_waited_for_no_longer_than_was_said(opened):
    one, other = opened(), opened()

    assert files.seize_within(one, 5.0)
    assert not files.seize_within(other, 0.02)

    files.release(one)

    assert files.seize_within(other, 5.0)


def test_a_released_lock_is_free_although_a_child_holds_a_copy(opened):
    one, other = opened(), opened()
    files.seize(one)
    until, end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        os.read(until, 1)
        os._exit(0)
    try:
        files.release(one)

        assert files.seize(other)
    finally:
        os.close(until)
        os.close(end)
        os.waitpid(child, 0)


def test_a_descriptor_of_ours_is_closed(tmp_path):
    number = files.open_file(str(tmp_path / "a"), files.WRITE)
    held = Held(number)

    assert held.is_ours()
    assert held in Held.every

    held.close()
    held.close()

    assert not held.is_ours()
    assert held not in Held.every
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@given(st.binary(max_size=200), st.integers(0, 250))
def test_what_was_written_is_read_as_far_as_was_asked(tmp_path_factory, content, most):
    path = str(tmp_path_factory.getbasetemp() / "content")
    files.write_whole(path, content)

    assert content[:most] == files.read_bytes(path, most)


def test_much_is_read_whole(tmp_path):
    content = bytes(range(256)) * 4096
    files.write_whole(str(tmp_path / "a"), content)

    assert content == files.read_bytes(str(tmp_path / "a"))
    assert content[:100_000] == files.read_bytes(str(tmp_path / "a"), 100_000)


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_the_mode_that_was_asked_for(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        files.write_whole(str(tmp_path / "a"), b"x", mode)
    finally:
        os.umask(before)

    assert {"a"} == files_below(tmp_path)
    assert (mode & ~umask if mode == 0o600 else mode) == mode_of(tmp_path / "a")


def test_writing_takes_the_place_of_a_link_and_not_of_what_it_leads_to(tmp_path):
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "a").symlink_to("theirs")
    files.write_whole(str(tmp_path / "a"), b"ours")

    assert [b"theirs", b"ours"] == [(tmp_path / name).read_bytes() for name in ("theirs", "a")]


def test_where_writing_fails_all_is_as_before(tmp_path):
    (tmp_path / "a").mkdir()

    with pytest.raises(OSError, match="a"):
        files.write_whole(str(tmp_path / "a"), b"x")
    with pytest.raises(FileNotFoundError):
        files.write_whole(str(tmp_path / "none" / "a"), b"x")

    assert {"a"} == files_below(tmp_path)


def test_a_full_disk_leaves_the_old_file_and_no_torn_one(tmp_path):
    path = str(tmp_path / "a")
    files.write_whole(path, b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            files.write_whole(path, b"x" * 5000)
        with pytest.raises(OSError, match="File too large"):
            files.write_new(str(tmp_path / "b"), b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)

    assert errno.EFBIG == caught.value.errno
    assert b"before" == files.read_bytes(path)
    assert {"a"} == files_below(tmp_path)


def test_a_new_file_takes_nobody_s_place(tmp_path):
    (tmp_path / "a").write_bytes(b"theirs")
    (tmp_path / "b").symlink_to("c")

    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            files.write_new(str(tmp_path / name), b"ours")

    assert b"theirs" == (tmp_path / "a").read_bytes()
    assert {"a", "b"} == files_below(tmp_path)


ODD = [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/null", path)]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_is_not_read_and_not_waited_for(tmp_path, make):
    make(tmp_path / "a")

    with pytest.raises(OSError, match="a"):
        files.read_bytes(str(tmp_path / "a"))


def test_removing_tells_whether_it_was_there(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    assert [True, False, False] == [
        files.remove(str(tmp_path / name)) for name in ("a", "a", "folder")
    ]


def test_a_file_has_no_number_of_a_stream_that_was_closed():
    """Neither the first that meets a closed stream nor those behind it."""
    numbers = run(
        """
        import os, sys
        from jina_tel import files
        printed = os.dup(1)
        os.close(1)
        numbers = [files.open_file(os.devnull, files.READ) for _ in range(2)]
        os.dup2(printed, 1)
        print(*numbers)
        """
    )

    assert min(map(int, numbers.split())) > 2
