"""``jina-tel reset-id``: another uid, and nothing here that names both."""

from __future__ import annotations

import os

import pytest
from commands import CLOSED, command, wait_here

from jina_tel import identity, sent
from jina_tel.election import LOCK
from jina_tel.withdrawal import is_quiet


def folder_of(journal):
    return os.path.dirname(journal.folder)


def uid_of(journal):
    return identity.uid(identity.kept_secret(folder_of(journal)), "jina")


def test_reset_makes_another_uid_and_leaves_what_waits():
    journal = wait_here(2)
    before = identity.uid(identity.load_secret(folder_of(journal)), "jina")
    said = command("reset-id", "--json")
    [one] = said.json["products"]

    assert {"product": "jina", "old": before, "new": uid_of(journal)} == one
    assert before != uid_of(journal)
    assert journal.waiting_bytes()
    assert 0o600 == os.stat(os.path.join(folder_of(journal), "uid")).st_mode & 0o777


@pytest.mark.parametrize("is_on", [True, False])
def test_reset_says_what_becomes_of_what_was_sent(is_on):
    journal = wait_here(1)
    before = identity.uid(identity.load_secret(folder_of(journal)), "jina")
    if not is_on:
        command("off")
    said = command("reset-id").out

    assert said.startswith(f"jina: replaced: {before}\n")
    assert "forgotten" not in said
    assert f"  uid            {uid_of(journal) if is_on else 'made at the next event'}\n" in said
    assert "stays at the endpoint under the old uid, and nobody can ask it to delete that" in said


def test_reset_without_a_uid_makes_none():
    journal = wait_here(1)

    assert "jina: no uid was made yet\n" == command("reset-id").out
    assert identity.kept_secret(folder_of(journal)) is None


def test_nothing_that_is_kept_names_the_old_uid(receiver):
    journals = [wait_here(1, "file:///dev/null"), wait_here(1, receiver.url)]
    command("send")
    before = str(uid_of(journals[1]))
    sent.keep(journals[0].folder, b"of an earlier endpoint", 1.0)

    assert before in command("show", "--json").out

    assert 0 == command("reset-id").code
    assert [[], []] == [sent.names(journal.folder) for journal in journals]
    assert before not in command("show", "--json").out


def test_where_one_shipper_cannot_be_held_the_others_go_on():
    today, earlier = wait_here(1), wait_here(1, "http://127.0.0.1:1/")
    wait_here(0, CLOSED)
    identity.load_secret(folder_of(today))
    os.mkdir(os.path.join(earlier.folder, LOCK))  # where a file is wanted
    before = uid_of(today)

    assert 3 == command("reset-id").code
    assert before == uid_of(today)
    assert is_quiet(today.folder)  # nobody has its lock, this process neither
