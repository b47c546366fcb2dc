"""The last 100 bodies as they left."""

from __future__ import annotations

import gzip
import os
import stat
from pathlib import Path

import pytest

from jina_tel import sent


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


def kept(folder):
    return [Path(folder, sent.FOLDER, name).read_bytes() for name in sent.names(folder)]


def test_a_body_is_kept_as_it_left(folder):
    body = gzip.compress(b'{"id": "a"}\n')
    sent.keep(folder, body, at=1.5)

    assert [body] == kept(folder)


def test_the_newest_comes_first(folder):
    for at in (3.0, 10_000.25, 4.0):
        sent.keep(folder, b"%d" % at, at)

    assert [b"10000", b"4", b"3"] == kept(folder)


def test_the_last_hundred_are_kept(folder):
    for number in range(130):
        sent.keep(folder, b"%d" % number, at=1000.0 + number)

    assert [b"%d" % number for number in range(129, 29, -1)] == kept(folder)


def test_others_do_not_read_them(folder):
    before = os.umask(0)
    try:
        sent.keep(folder, b"body", at=1.0)
    finally:
        os.umask(before)
    inside = os.path.join(folder, sent.FOLDER)
    [name] = os.listdir(inside)

    assert 0o700 == stat.S_IMODE(os.stat(inside).st_mode)
    assert 0o600 == stat.S_IMODE(os.stat(os.path.join(inside, name)).st_mode)


def test_what_a_killed_process_left_half_written_goes(folder):
    sent.keep(folder, b"one", at=1.0)
    [name] = sent.names(folder)
    inside = Path(folder, sent.FOLDER)
    (inside / f"{name}.123.abcd").write_bytes(b"half")
    sent.keep(folder, b"two", at=2.0)

    assert sorted(sent.names(folder)) == sorted(os.listdir(inside))
    assert [b"two", b"one"] == kept(folder)


def test_where_nothing_can_be_kept_nothing_is(tmp_path):
    (tmp_path / sent.FOLDER).write_text("a file in the folder's place")
    sent.keep(str(tmp_path), b"body", at=1.0)

    assert [] == sent.names(str(tmp_path))
    assert [] == sent.names(str(tmp_path / "missing"))


def test_purge_deletes_them_all(folder):
    sent.keep(folder, b"one", at=1.0)
    sent.purge(folder)

    assert [] == os.listdir(os.path.join(folder, sent.FOLDER))
