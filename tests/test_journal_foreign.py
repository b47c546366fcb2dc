"""A journal's folder in which other things stand, and a journal that is purged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import drained, fill, line, names, prepared, told
from support import files_below

from jina_tel.errors import JournalError
from jina_tel.journal import FULL
from jina_tel.journal.disk import FILE, DiskJournal
from jina_tel.journal.memory import MemoryJournal


@pytest.fixture
def journal(tmp_path):
    return prepared(tmp_path)


def a_folder(path):
    os.mkdir(path)


def a_fifo(path):
    os.mkfifo(path)


def a_link(path):
    Path(path).with_name("theirs").write_bytes(b"theirs")
    os.symlink("theirs", path)


def a_link_to_nothing(path):
    os.symlink("nothing", path)


ODD = [a_folder, a_fifo, a_link, a_link_to_nothing]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_in_the_journal_s_place_is_left_alone(journal, make):
    make(os.path.join(journal.folder, FILE))
    before = names(journal)

    with pytest.raises(JournalError, match="no journal in"):
        journal.prepare()
    with pytest.raises(OSError, match=FILE):
        fill(journal, "a")

    assert before == names(journal)
    assert all(b"theirs" == path.read_bytes() for path in Path(journal.folder).glob("theirs"))


@pytest.mark.parametrize("level", ["jina", "jina/0123"])
def test_a_link_where_our_folder_should_be_is_refused(tmp_path, level):
    (tmp_path / "theirs" / "0123").mkdir(parents=True)
    (tmp_path / level).parent.mkdir(exist_ok=True)
    (tmp_path / level).symlink_to(tmp_path / "theirs")

    with pytest.raises(JournalError, match="a folder of our own is wanted"):
        DiskJournal(str(tmp_path / "jina" / "0123"), owned=2).prepare()

    assert {"theirs", "theirs/0123", "jina", level} >= files_below(tmp_path) - {"jina/0123"}


def test_a_folder_that_is_gone_is_told_of(journal):
    os.rmdir(journal.folder)

    with pytest.raises(FileNotFoundError):
        fill(journal, "a")

    assert journal.claim() is None
    assert [0, 0] == [journal.waiting_bytes(), journal.purge()]


OFFSETS = [b"", b"x", b"-5", b"1.5", b" ", b"\xff", "٣".encode(), b"9" * 5000, b"9" * 20]


@pytest.mark.parametrize("content", OFFSETS)
def test_an_offset_that_cannot_be_is_none(journal, content):
    fill(journal, *"abc")
    journal.claim()
    Path(journal.folder, "sending-1.at").write_bytes(content)

    assert list("abc") == drained(journal)
    assert set() == names(journal)


@pytest.mark.parametrize("name", ["sending-x", "sending-", "sending-1.at.bak", "sending-²", "a"])
def test_a_foreign_file_is_not_claimed(journal, name):
    Path(journal.folder, name).write_bytes(b"\ntheirs\n")
    fill(journal, "ours")

    assert ["ours"] == drained(journal)
    assert {name} == names(journal)


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_is_not_claimed(journal, make):
    make(os.path.join(journal.folder, "sending-1"))
    before = names(journal)
    fill(journal, "ours")

    assert ["ours"] == drained(journal)
    assert before == names(journal)


def test_parts_are_sent_in_the_order_of_their_numbers(journal):
    for number in (10, 9, 2):
        Path(journal.folder, f"sending-{number}").write_bytes(line(number))
    fill(journal, "new")

    assert ["2", "9", "10", "new"] == drained(journal)


def test_a_purge_leaves_nothing(journal):
    fill(journal, *"ab")
    part = journal.claim()
    part.advance(told(part, most_events=1)[1])
    fill(journal, *"cd")

    assert 3 == journal.purge()
    assert set() == names(journal)
    assert ([], part.read(9, 9)[1]) == part.read(9, 9)
    assert part.finish()
    assert journal.claim() is None


def test_a_purge_leaves_what_is_another_s(journal):
    Path(journal.folder, "contact.json").write_bytes(b"{}")
    fill(journal, "a")

    assert 1 == journal.purge()
    assert {"contact.json"} == names(journal)


def test_memory_is_purged():
    memory = MemoryJournal()
    fill(memory, *"abc")
    part = memory.claim()

    assert 3 == memory.purge()
    assert ([], 0) == told(part)
    assert [True, 0, 0] == [part.finish(), memory.waiting_bytes(), memory.purge()]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 40)),
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.just("purge"), st.just(0)),
    ),
    max_size=30,
)


@given(steps=STEPS, bound=st.integers(20, 200), on_disk=st.booleans())
def test_what_was_kept_is_sent_once_or_purged(tmp_path_factory, steps, bound, on_disk):
    """Against a list, over any order of appending, sending a batch, and purging."""
    folder = str(tmp_path_factory.getbasetemp() / "model")
    journal = DiskJournal(folder, owned=1) if on_disk else MemoryJournal()
    if on_disk:
        journal.prepare()
        journal.purge()
    model, number = [], 0
    for what, size in steps:
        if what == "append":
            number += 1
            text = f"{number:0{size}d}"
            if FULL not in fill(journal, text, most_bytes=bound):
                model.append(text)
        elif what == "purge":
            journal.purge()
            model.clear()
        else:
            part = journal.claim()
            texts, reached = told(part, most_events=size) if part else ([], 0)
            if part:
                part.advance(reached)
                part.finish()

            assert model[: len(texts)] == texts
            assert bool(texts) == bool(model)

            del model[: len(texts)]

    assert model == drained(journal)
    assert 0 == journal.waiting_bytes() == journal.purge()
