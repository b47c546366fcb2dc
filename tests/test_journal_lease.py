"""A journal whose file is kept open for a run of lines, and whoever comes in between."""

from __future__ import annotations

import errno
import os

import pytest
from journals import PLENTY, drained, fill, line, names, prepared, told

from jina_tel import files
from jina_tel.files import Held
from jina_tel.journal import lease as leases


@pytest.fixture
def journal(tmp_path):
    made = prepared(tmp_path)
    fill(made, "first")
    yield made
    made.let_go()


def test_what_is_appended_by_a_lease_is_in_the_file_at_once(journal):
    lease = journal.lease(PLENTY)

    assert all(lease.append(line(number)) for number in range(3))
    with open(journal._path, "rb") as file:
        assert b"".join(map(line, ["first", 0, 1, 2])) == file.read()


def test_a_file_that_is_new_is_made_by_an_event_that_looks_at_the_answers(tmp_path):
    """Whoever creates it asks once more whether somebody has said no."""
    assert prepared(tmp_path).lease(PLENTY) is None


def test_others_append_beside_it(journal):
    lease = journal.lease(PLENTY)
    lease.append(line("ours"))
    fill(journal, "theirs")
    lease.append(line("ours again"))

    journal.let_go()

    assert ["first", "ours", "theirs", "ours again"] == drained(journal)


def test_an_ended_lease_writes_nothing_and_nothing_is_open(journal):
    lease = journal.lease(PLENTY)
    number = lease.held.number
    journal.let_go()

    assert not lease.append(line("late"))
    assert lease.is_ended()
    assert not [held for held in Held.every if held.number == number]
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(number)
    assert ["first"] == drained(journal)


def test_a_claim_by_this_process_ends_it(journal):
    lease = journal.lease(PLENTY)
    lease.append(line("second"))

    part = journal.claim()

    assert lease.is_ended()
    assert ["first", "second"] == told(part)[0]


def test_what_another_process_claims_is_not_deleted_while_a_lease_lasts(journal, tmp_path):
    lease = journal.lease(PLENTY)
    other = prepared(tmp_path)
    part = other.claim()
    part.advance(told(part)[1])

    assert not part.finish()
    assert lease.append(line("late"))
    texts, reached = told(part)
    assert ["late"] == texts
    part.advance(reached)
    journal.let_go()
    assert part.finish()
    assert not names(other)


def test_a_host_s_file_that_has_our_number_is_left_alone(journal, tmp_path):
    lease = journal.lease(PLENTY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
    theirs = os.open(tmp_path / "theirs", flags)  # as near to ours as a host's can be
    number = lease.held.number
    os.dup2(theirs, number)

    assert not lease.append(line("ours"))
    journal.let_go()

    assert 1 == os.write(number, b"x")  # nor was it closed
    assert b"x" == (tmp_path / "theirs").read_bytes()
    os.close(number)
    os.close(theirs)


def test_a_number_that_was_closed_is_not_written_to(journal):
    lease = journal.lease(PLENTY)
    os.close(lease.held.number)

    assert not lease.append(line("late"))


def test_a_line_that_is_being_written_is_waited_for_and_not_without_end(journal, monkeypatch):
    monkeypatch.setattr(leases, "END_SECONDS", 0.01)
    lease = journal.lease(PLENTY)
    with lease.lock:
        journal.let_go()

        assert not lease.is_ended()

    assert lease.append(line("second"))
    journal.let_go()
    assert lease.is_ended()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is full by itself")
def test_a_full_disk_is_left_to_the_ordinary_way(tmp_path):
    lease = leases.Lease(os.open("/dev/full", files.APPEND), 1)

    assert not lease.append(line("second"))
    assert lease.end()


def test_there_are_as_many_lines_as_there_is_room_for(journal):
    """And so many others at once."""
    size, room = os.path.getsize(journal._path), leases.SHARE * leases.LINE_BYTES

    assert 1000 == journal.lease(size + 1000 * room).lines
    assert 2 == journal.lease(size + 2 * room).lines
    assert journal.lease(size + room - 1) is None


def test_a_file_that_cannot_be_opened_gives_none(journal):
    os.unlink(journal._path)
    os.rmdir(journal.folder)

    assert journal.lease(PLENTY) is None


def test_a_lock_that_a_signal_left_taken_is_given_up_after_some_seconds(journal, monkeypatch):
    """A handler of the host's raised behind the taking of it, so nobody gives it back."""
    monkeypatch.setattr(leases, "END_SECONDS", 0.01)
    lease = journal.lease(PLENTY)
    lease.lock.acquire()
    journal.let_go()
    journal.let_go()

    assert not lease.is_ended()

    monkeypatch.setattr(leases, "GIVEN_UP_SECONDS", 0.0)
    journal.let_go()

    assert lease.is_ended()
    assert journal.lease(PLENTY)
