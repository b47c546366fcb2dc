"""What comes in between two acts on a descriptor: a shipper that claims, a fork that copies it."""

from __future__ import annotations

from journals import drained, fill, prepared, told
from support import BARE, run

from jina_tel import files
from jina_tel.journal import CREATED


def test_what_is_claimed_and_sent_ahead_of_the_lock_is_not_written_to(tmp_path, monkeypatch):
    journal = prepared(tmp_path)
    fill(journal, "a")
    share, claimed = files.share, []

    def claim_first(descriptor):
        if not claimed:
            claimed.extend(drained(journal))
        return share(descriptor)

    monkeypatch.setattr(files, "share", claim_first)

    assert [CREATED] == fill(journal, "b")
    assert ["a"] == claimed
    assert ["b"] == told(journal.claim())[0]


# A child that is forked in the middle of an act, and lives until its parent has looked.
FORKED = """
import os, sys, threading
from jina_tel import election, files, process
from jina_tel.journal.disk import DiskJournal

process.prepare()
looked, look = os.pipe()
there, be_there = os.pipe()
children = []

def fork():
    child = os.fork()
    if not child:
        os.close(look)
        os.write(be_there, b".")
        os.read(looked, 1)
        os._exit(0)
    children.append(child)
    os.read(there, 1)

def end():
    os.close(look)
    for child in children:
        os.waitpid(child, 0)
"""


def test_a_child_s_copy_of_the_descriptor_does_not_hold_the_lock(tmp_path):
    script = """
    journal = DiskJournal(FOLDER, 1)
    journal.prepare()
    share = files.share
    def fork_then(descriptor):
        taken = share(descriptor)
        fork()
        return taken
    files.share = fork_then
    journal.append(b"\\na\\n", 1 << 20)
    part = journal.claim()
    part.advance(part.read(9, 1 << 20)[1])
    print(part.finish())
    end()
    """

    assert "True\n" == run(program(script, tmp_path / "journal"), *QUIET, **BARE)


def test_a_child_has_no_copy_of_the_elections_lock(tmp_path):
    """A fork of another thread waits until we know of it, and so the child closes its copy."""
    script = """
    opening = files.open_file
    def open_then(path, flags):
        descriptor = opening(path, flags)
        forking.start()
        forking.join(0.5)
        return descriptor
    forking = threading.Thread(target=fork)
    files.open_file = open_then
    lock = election.stand(FOLDER)
    forking.join()
    files.open_file = opening
    os.close(lock.number)  # as if we had been killed
    print(election.stand(FOLDER) is not None)
    end()
    """

    assert "True\n" == run(program(script, tmp_path), *QUIET, **BARE)


QUIET = ("-W", "ignore::DeprecationWarning")  # a fork amid threads


def program(script, folder):
    text = script.replace("\n    ", "\n").replace("FOLDER", repr(str(folder)))
    return FORKED + text
