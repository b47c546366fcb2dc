"""The journal of one process: what is appended is claimed, read, and done with once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import drained, fill, line, names, prepared, told
from support import mode_of

from jina_tel import files
from jina_tel.journal import CREATED, FULL, WRITTEN
from jina_tel.journal.disk import FILE, DiskJournal
from jina_tel.journal.memory import MemoryJournal
from jina_tel.journal.part import LINE_BYTES


@pytest.fixture
def journal(tmp_path):
    return prepared(tmp_path)


@pytest.fixture(params=["disk", "memory"])
def either(request, journal):
    """Return each kind of a journal, for what holds for both."""
    return journal if request.param == "disk" else MemoryJournal()


def test_a_journal_s_folder_is_its_user_s_alone(journal, tmp_path):
    fill(journal, "a")

    assert [0o700, 0o700] == [mode_of(tmp_path / "jina"), mode_of(Path(journal.folder))]
    assert 0o600 == mode_of(Path(journal.folder, FILE))
    assert {FILE} == names(journal)


def test_the_first_line_makes_the_file(journal):
    assert [CREATED, WRITTEN, WRITTEN] == fill(journal, "a", "b", "c")


def test_what_is_appended_is_sent_in_order(either):
    texts = [str(number) for number in range(2500)]
    fill(either, *texts)

    assert texts == drained(either)
    assert either.claim() is None
    assert 0 == either.waiting_bytes()


def test_nothing_is_left_when_all_was_sent(journal):
    fill(journal, "a", "b")
    drained(journal)

    assert set() == names(journal)


def test_an_empty_journal_has_nothing_to_claim(either):
    assert either.claim() is None
    assert 0 == either.waiting_bytes()


def test_past_its_bound_nothing_is_kept(either):
    size = len(line("abc"))

    assert [FULL] == fill(either, "abc", most_bytes=size - 1)
    assert FULL not in fill(either, "abc", "def", most_bytes=2 * size)
    assert [FULL] == fill(either, "g", most_bytes=2 * size)
    assert ["abc", "def"] == drained(either)
    assert FULL not in fill(either, "abc", most_bytes=size)


def test_how_much_waits_is_known(journal):
    fill(journal, "a", "b")
    both = 2 * len(line("a"))

    assert both == journal.waiting_bytes()

    part = journal.claim()
    fill(journal, "c")

    assert both + 3 == journal.waiting_bytes()

    part.advance(told(part, most_events=1)[1])

    assert both == journal.waiting_bytes()


def test_a_batch_is_no_larger_than_was_asked(either):
    fill(either, *"abcdef")
    part = either.claim()

    assert ["a", "b"] == told(part, most_events=2)[0]
    assert 4 <= sum(map(len, part.read(1000, 7)[0])) <= 7
    assert ["a"] == told(part, most_bytes=1)[0]


def test_a_part_goes_on_where_it_was_told_to(either):
    fill(either, *"abc")
    part = either.claim()
    texts, reached = told(part, most_events=2)
    part.advance(reached)

    assert ["a", "b"] == texts
    assert not part.finish()
    assert ["c"] == told(part)[0]


def test_another_shipper_goes_on_where_the_first_was_killed(journal):
    fill(journal, *"abc")
    part = journal.claim()
    part.advance(told(part, most_events=2)[1])
    fill(journal, "d")
    again = DiskJournal(journal.folder, owned=2)

    assert ["c", "d"] == drained(again)
    assert set() == names(journal)


def test_what_comes_while_a_part_is_sent_waits_for_the_next(journal):
    fill(journal, "a")
    part = journal.claim()

    assert [CREATED] == fill(journal, "b")
    assert {FILE, "sending-1"} == names(journal)

    part.advance(told(part)[1])

    assert part.finish()
    assert ["b"] == drained(journal)


def test_a_late_writer_s_line_keeps_the_part(journal):
    fill(journal, "a")
    late = os.open(os.path.join(journal.folder, FILE), files.APPEND)
    part = journal.claim()
    part.advance(told(part)[1])
    files.share(late)

    assert not part.finish()

    os.write(late, line("late"))
    files.release(late)
    os.close(late)

    assert not part.finish()
    assert ["late"] == told(part)[0]


def test_who_is_later_still_is_sent_to_a_new_file(journal):
    fill(journal, "a")
    part = journal.claim()
    os.link(part.path, os.path.join(journal.folder, FILE))  # as if opened by name just before
    late = os.open(os.path.join(journal.folder, FILE), files.APPEND)
    os.unlink(os.path.join(journal.folder, FILE))
    drained(journal)

    assert 0 == os.fstat(late).st_nlink
    assert [CREATED] == fill(journal, "b")
    assert ["b"] == drained(journal)

    os.close(late)


def test_while_a_writer_stands_still_the_next_part_is_sent(journal):
    fill(journal, "a")
    still = os.open(os.path.join(journal.folder, FILE), files.APPEND)
    files.share(still)
    first = journal.claim()
    first.advance(told(first)[1])
    fill(journal, "b")
    second = journal.claim_behind(first)

    assert ["b"] == told(second)[0]
    assert second.number > first.number

    second.advance(told(second)[1])

    assert second.finish()
    assert journal.claim_behind(first) is None

    os.close(still)

    assert first.finish()


def test_a_journal_that_is_looked_at_stays_as_it_is(journal):
    fill(journal, "a")
    journal.claim()
    fill(journal, "b")
    before = names(journal)

    assert [["a"], ["b"]] == [told(part)[0] for part in journal.parts()]
    assert before == names(journal)


TORN = [
    (b"\nto", [], True),
    (b"\nwhole\n\nto", ["whole"], True),
    (b"\nto\nwhole\n", ["to", "whole"], False),
    (b"no newline before\n", ["no newline before"], False),
    (b"\n\n\n", [], False),
    (b"", [], False),
]


@pytest.mark.parametrize(("content", "texts", "torn"), TORN)
def test_a_torn_line_costs_only_itself(journal, content, texts, torn):
    Path(journal.folder, FILE).write_bytes(content)
    part = journal.claim()
    found, reached = told(part)
    part.advance(reached)

    assert texts == found
    assert part.finish()
    assert torn == part.torn
    assert set() == names(journal)


def test_a_line_after_a_torn_one_is_whole(journal):
    Path(journal.folder, FILE).write_bytes(b'\n{"id": "to')
    fill(journal, "whole")

    assert ['{"id": "to', "whole"] == drained(journal)


@given(st.binary(max_size=300), st.integers(1, 3), st.integers(1, 100))
@settings(max_examples=200)
def test_any_content_is_read_to_its_end(tmp_path_factory, content, most_events, most_bytes):
    journal = DiskJournal(str(tmp_path_factory.getbasetemp() / "any"), owned=1)
    journal.prepare()
    Path(journal.folder, FILE).write_bytes(content)
    part, lines = journal.claim(), []
    while True:
        batch, reached = part.read(most_events, most_bytes)
        part.advance(reached)
        if not batch:
            break
        lines += batch

    assert part.finish()
    assert [one for one in content.split(b"\n")[:-1] if one] == [one[:-1] for one in lines]
    assert set() == names(journal)


@pytest.mark.parametrize("size", [LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 5 * LINE_BYTES])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_without_lines_is_got_rid_of(journal, size, end):
    Path(journal.folder, FILE).write_bytes(b"x" * size + end)
    fill(journal, "ours")
    sent = drained(journal)

    assert "ours" == sent[-1]
    assert set() == names(journal)
