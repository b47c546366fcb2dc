"""Segments: whole lines, durable, and nothing of what was refused."""

from __future__ import annotations

import pytest
from support import run

from jina_tel.collector import segments
from jina_tel.collector.segments import Segments, lines_of

# No file may grow past 1,000 bytes: a write is cut short, as by a full disk, and the next fails.
CUT_SHORT = """
    import resource, sys
    from pathlib import Path
    from jina_tel.collector.segments import Segments
    segments = Segments(Path(sys.argv[1]))
    segments.append(b"kept\\n" * 100)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        segments.append(b"torn\\n" * 150)
    except OSError as error:
        print(error.strerror)
    segments.append(b"next\\n" * 10)
"""


@pytest.fixture
def kept(tmp_path):
    return Segments(tmp_path / "segments")


def content(kept: Segments) -> bytes:
    return b"".join(line for segment in kept.sealed() for line in lines_of(segment))


def test_what_was_appended_is_there_in_its_order_once_it_is_sealed(kept):
    kept.append(b"one\n")
    kept.append(b"two\n")
    before = content(kept)
    kept.seal()
    kept.append(b"three\n")
    between = content(kept)
    kept.seal()

    assert (b"", b"one\ntwo\n", b"one\ntwo\nthree\n") == (before, between, content(kept))


def test_a_segment_is_sealed_where_it_is_long_enough(kept, monkeypatch):
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 8)
    for number in range(4):
        kept.append(b"%05d\n" % number)

    assert 2 == len(kept.sealed())


def test_another_process_seals_what_a_killed_one_left(kept):
    kept.append(b"one\n")
    again = Segments(kept.folder)
    again.append(b"two\n")

    assert b"one\n" == content(again)


def test_a_torn_last_line_is_none(kept):
    kept.append(b"one\ntw")

    assert b"one\n" == content(Segments(kept.folder))


def test_of_what_is_cut_short_nothing_is_kept_and_the_next_is(tmp_path):
    folder = tmp_path / "segments"

    assert "File too large\n" == run(CUT_SHORT.replace("sys.argv[1]", repr(str(folder))))
    assert b"kept\n" * 100 + b"next\n" * 10 == content(Segments(folder))


def test_the_next_file_is_there_before_a_line_comes(kept):
    kept.seal()
    [file] = kept.folder.iterdir()
    kept.seal()
    kept.append(b"one\n")

    assert ([file], b"one\n", b"") == ([*kept.folder.iterdir()], file.read_bytes(), content(kept))


def test_a_file_whose_name_is_not_durable_is_not_written_to(kept, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(segments, "_make_durable", _fail)
        kept.seal()
    kept.append(b"one\n")
    kept.seal()

    assert 3 == len([*kept.folder.iterdir()])
    assert b"one\n" == content(kept)


def _fail(folder):
    raise OSError("no durable name")


def test_a_file_that_nothing_came_into_is_not_left(kept):
    kept.append(b"one\n")
    kept.seal()
    kept.close()

    assert (1, b"one\n") == (len([*kept.folder.iterdir()]), content(kept))


def test_only_their_owner_reads_them(kept):
    kept.append(b"one\n")
    [file] = kept.folder.iterdir()

    assert (0o700, 0o600) == (kept.folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777)
