"""``jina-tel forget`` and ``send``: what talks to the endpoint."""

from __future__ import annotations

import json
import os
import time

import pytest
from commands import command, wait_here

from jina_tel import contact, folders, identity, sent
from jina_tel.cli.asking import forget_url
from jina_tel.contact import Contact
from jina_tel.election import LOCK
from jina_tel.jina import JINA
from jina_tel.settings import Settings
from jina_tel.testing import Healthy, Rejecting, Slow, Status
from jina_tel.withdrawal import hold, let_go


def folder_of(journal):
    return os.path.dirname(journal.folder)


def uid_of(journal):
    return identity.uid(identity.kept_secret(folder_of(journal)), "jina")


def sent_from(receiver, count):
    """Have so many events sent, and return the journal."""
    journal = wait_here(count, receiver.url)

    assert 0 == command("send").code

    return journal


def test_forget_tells_what_remains_at_the_endpoint(receiver):
    """In its own words, which may hold what a terminal would obey."""
    sent_from(receiver, 1)
    receiver.behaviour = Status(
        200, body=b'{"deleted": 1, "remains": "copies \\u001b[31mon tape, until May"}'
    )
    said = command("forget")

    assert "remains there  copies \\x1b[31mon tape, until May\n" in said.out


@pytest.mark.parametrize("remains", [b'""', b"null", b"7", b'["x"]'])
def test_forget_tells_of_no_remains_that_are_none(receiver, remains):
    sent_from(receiver, 1)
    receiver.behaviour = Status(200, body=b'{"deleted": 1, "remains": ' + remains + b"}")
    [one] = command("forget", "--json").json["products"]

    assert [None] == [came["remains"] for came in one["endpoints"]]
    assert "remains" not in command("forget").out


def test_send_sends_what_waits(receiver):
    wait_here(3, receiver.url)
    said = command("send")

    assert (0, "jina: 3 lines sent\n", "") == said
    assert 3 == len(receiver.events)
    assert (0, "jina: nothing waited\n", "") == command("send")
    assert 1 == len(receiver.requests)


@pytest.mark.parametrize("count", [1, 7])
def test_send_says_why_something_is_left(receiver, count):
    wait_here(count, receiver.url)
    receiver.behaviour = Status(503)
    said = command("send")
    [one] = command("send", "--json").json["products"]

    assert 1 == said.code
    assert "left" in said.out
    assert (0, count, "503") == (one["sent"], one["left"], one["because"])


def test_send_tries_where_an_earlier_attempt_failed_but_keeps_an_asked_pause(receiver):
    journal = wait_here(1, receiver.url)
    later = time.time() + 1000
    contact.store(journal.folder, Contact(time.time(), "x", 3, later))

    assert 0 == command("send").code

    journal = wait_here(1, receiver.url)
    contact.store(journal.folder, Contact(time.time(), "503", 3, later, asked=True))
    said = command("send")

    assert 1 == said.code
    assert "asked to wait until" in said.out
    assert 1 == len(receiver.requests)


def test_send_sends_nothing_when_it_is_off(receiver, monkeypatch):
    wait_here(1, receiver.url)
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    said = command("send")

    assert 1 == said.code
    assert "DO_NOT_TRACK is set" in said.out
    assert [] == receiver.requests


def test_send_waits_for_no_other_shipper_forever(receiver, monkeypatch):
    journal = wait_here(1, receiver.url)
    monkeypatch.setattr("jina_tel.cli.send.REQUEST_SECONDS", 0.1)
    lock = hold(journal.folder, 0.0, make=True)
    said = command("send")
    let_go(lock)

    assert 1 == said.code
    assert "another process is sending" in said.out
    assert [] == receiver.requests


def test_what_send_lost_is_told_the_endpoint(receiver):
    journal = wait_here(3, receiver.url)
    with open(os.path.join(journal.folder, "events.jsonl"), "ab") as file:
        file.write(b"\nno line of ours\n")

    assert 0 == command("send").code
    assert [{"corrupt": 1}] == [line["lost"] for line in receiver.losses]


def test_what_the_endpoint_rejects_is_no_reason_to_send_for_ever(receiver):
    wait_here(2, receiver.url)
    receiver.behaviour = Rejecting([1])
    command("send")

    assert 3 >= len(receiver.requests)


def test_forget_has_all_deleted_and_makes_another_uid(receiver):
    journal = sent_from(receiver, 4)
    before = uid_of(journal)
    wait_here(2, receiver.url)
    said = command("forget")
    asked = receiver.requests[-1]

    assert 0 == said.code
    assert "forgotten: the endpoint deleted 4 events" in said.out
    assert ("POST", "/v1/forget", "application/json") == (
        asked.method,
        asked.path,
        asked.headers["Content-Type"],
    )
    assert {"product", "secret"} == set(json.loads(asked.text))
    assert [] == receiver.events
    assert before != uid_of(journal)
    assert (0, []) == (journal.waiting_bytes(), sent.names(journal.folder))


def test_forget_proves_that_the_uid_is_ones_own(receiver):
    journal = sent_from(receiver, 1)
    secret = identity.kept_secret(folder_of(journal))
    command("forget")

    assert secret.hex() == json.loads(receiver.requests[-1].text)["secret"]
    assert 64 == len(secret.hex())


ANSWERS = [
    (Status(500), "it answered 500"),
    (Status(404), "it does not know how to forget"),
    (Status(200), "not how much it has deleted"),
    (Status(200, body=b'{"deleted": "all"}'), "not how much it has deleted"),
    (Status(200, body=b'{"deleted": true}'), "not how much it has deleted"),
    (Status(200, body=b"[]"), "not how much it has deleted"),
    (Status(200, body=b'{"deleted": -1}'), "not how much it has deleted"),
]


@pytest.mark.parametrize(("behaviour", "why"), ANSWERS, ids=str)
def test_where_the_endpoint_fails_the_uid_stays(receiver, behaviour, why):
    journal = sent_from(receiver, 1)
    before = uid_of(journal)
    wait_here(1, receiver.url)
    receiver.behaviour = behaviour
    said = command("forget")
    [one] = command("forget", "--json").json["products"]

    assert 1 == said.code
    assert why in said.out
    assert f"{before}, as before; ask again later" in said.out
    assert (False, None) == (one["reset"], one["deleted"])
    assert before == uid_of(journal)
    assert journal.waiting_bytes()


def in_the_way(path):
    """Put a folder where the file is."""
    if os.path.lexists(path):
        os.unlink(path)
    os.mkdir(path)


@pytest.mark.parametrize("word", ["forget", "reset-id"])
@pytest.mark.parametrize("broken", ["jina", "acme"])
def test_a_uid_that_cannot_be_read_does_not_keep_the_others(receiver, word, broken):
    """Whichever comes first: what was done for the others cannot be undone, and is told."""
    settings = {"jina": JINA.settings, "acme": Settings("acme", (), receiver.url)}
    kept = {name: folders.folders_of(one, os.environ).config for name, one in settings.items()}
    for one in settings.values():
        wait_here(1, receiver.url, one)
    command("send")
    other = next(name for name in settings if name != broken)
    before = identity.kept_secret(kept[other])
    in_the_way(os.path.join(kept[broken], "uid"))
    said = command(word)

    assert 3 == said.code
    assert f"{other}: {'forgotten' if word == 'forget' else 'replaced'}" in said.out
    assert f"{broken}/uid: not a regular file" in said.err
    assert before != identity.kept_secret(kept[other])


def test_what_the_endpoint_has_deleted_is_told_also_where_the_uid_stays(receiver):
    journal = sent_from(receiver, 4)
    uid = uid_of(journal)

    def answer(request):
        in_the_way(os.path.join(folder_of(journal), "uid"))
        return Healthy()

    receiver.behaviour = answer
    said = command("forget")

    assert 1 == said.code
    assert "the endpoint deleted 4 events" in said.out
    assert "the uid could not be replaced: " in said.out
    assert f"{uid}, as before; jina-tel reset-id makes another" in said.out
    assert "ask again" not in said.out


def test_what_cannot_be_sent_of_one_product_does_not_keep_the_others(receiver):
    wait_here(1, receiver.url, Settings("acme", (), receiver.url))
    journal = wait_here(1, receiver.url)
    in_the_way(os.path.join(journal.folder, LOCK))
    said = command("send")

    assert 3 == said.code
    assert "acme: 1 line sent" in said.out
    assert LOCK in said.err


def test_an_endpoint_that_is_down_is_no_reason_to_forget(receiver):
    journal = sent_from(receiver, 1)
    before = uid_of(journal)
    receiver.close()

    assert 1 == command("forget").code
    assert before == uid_of(journal)


def test_forget_works_when_it_is_off_and_makes_no_other_uid(receiver):
    journal = sent_from(receiver, 2)
    command("off")

    assert 0 == command("forget").code
    assert [] == receiver.events
    assert identity.kept_secret(folder_of(journal)) is None


NOWHERE = [
    ("http://telemetry.invalid/v1/events", "is not encrypted"),
    ("file:///tmp/x", "what was sent is yours to delete"),
    ("console:", "what was sent is yours to delete"),
]


@pytest.mark.parametrize(("endpoint", "why"), NOWHERE)
def test_the_proof_goes_over_https_or_nowhere(endpoint, why):
    journal = wait_here(0, endpoint)
    identity.load_secret(folder_of(journal))
    said = command("forget")

    assert 1 == said.code
    assert why in said.out


def test_the_proof_goes_through_no_proxy_in_clear(receiver, monkeypatch):
    sent_from(receiver, 1)
    monkeypatch.setenv("http_proxy", receiver.url)
    said = command("forget")

    assert 1 == said.code
    assert "HTTP_PROXY stands between" in said.out
    assert 1 == len(receiver.requests)


URLS = [
    ("https://a.example/v1/events", "https://a.example/v1/forget"),
    ("https://a.example/v1/events?x=/y", "https://a.example/v1/forget?x=/y"),
    ("https://a.example", "https://a.example/forget"),
    ("https://a.example/", "https://a.example/forget"),
    ("https://a.example/v1/", "https://a.example/v1/forget"),
    ("http://[::1]:8/e", "http://[::1]:8/forget"),
]


@pytest.mark.parametrize(("endpoint", "url"), URLS)
def test_forget_takes_the_place_of_the_last_part_of_the_path(endpoint, url):
    assert url == forget_url(endpoint)


def test_without_a_uid_there_is_nothing_to_forget(receiver):
    wait_here(1, receiver.url)
    said = command("forget")

    assert 0 == said.code
    assert "no uid was ever made here" in said.out
    assert [] == receiver.requests


@pytest.mark.parametrize("word", ["forget", "reset-id"])
def test_the_uid_is_not_changed_under_a_shipper_that_sends(receiver, monkeypatch, word):
    journal = sent_from(receiver, 1)
    before = uid_of(journal)
    monkeypatch.setattr("jina_tel.cli.reset.QUIET_SECONDS", 0.1)
    lock = hold(journal.folder, 0.0, make=True)
    said = command(word)
    let_go(lock)

    assert said.code in (1, 3)
    assert "a program is sending just now" in said.out + said.err
    assert before == uid_of(journal)


def test_an_answer_may_take_its_time(receiver):
    sent_from(receiver, 1)
    receiver.behaviour = Slow(0.5)

    assert 0 == command("forget").code
