"""``jina-tel forget`` where there were several endpoints: all are asked, and none is lost."""

from __future__ import annotations

import json
import os
import time

import pytest
from commands import CLOSED, command, wait_here
from support import mode_of

from jina_tel import Telemetry, contact, folders, identity, product
from jina_tel.cli import former
from jina_tel.testing import Healthy, Receiver, Status
from jina_tel.withdrawal import journal_folders


@pytest.fixture
def earlier():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def today():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def kept(home):
    """Return the folder of what is kept of jina."""
    return home / "jina_tel" / "jina"


@pytest.fixture
def moved(earlier, today, kept):
    """Have 2 events at an earlier endpoint and 3 at today's; return the secret of their uid."""
    for count, receiver in ((2, earlier), (3, today)):
        wait_here(count, receiver.url)
        assert 0 == command("send").code
    return identity.kept_secret(str(kept))


def secrets_at(receiver):
    """Return the secrets that this endpoint was asked to forget by."""
    asked = [request for request in receiver.requests if request.path.endswith("/forget")]
    return [bytes.fromhex(json.loads(request.text)["secret"]) for request in asked]


def outcome(*words):
    [one] = command("forget", "--json", *words).json["products"]
    return one


def test_earlier_endpoints_are_asked_too(earlier, today, moved, kept):
    said = command("forget")

    assert 0 == said.code
    assert "jina: forgotten: 2 endpoints deleted 5 events\n" in said.out
    assert f"{earlier.url.replace('events', 'forget')}: deleted 2 events\n" in said.out
    assert ([], []) == (earlier.events, today.events)
    assert [moved] == secrets_at(earlier) == secrets_at(today)
    assert moved != identity.kept_secret(str(kept))
    assert not (kept / former.FILE).exists()


def test_what_could_not_be_reached_is_asked_again_under_the_old_uid(earlier, today, moved, kept):
    earlier.close()
    said = command("forget")
    wait_here(1, today.url)
    command("send")

    assert 1 == said.code
    assert "jina: forgotten in part: the endpoint deleted 3 events\n" in said.out
    assert f"asked          {earlier.url}: " in said.out
    assert str(kept / former.FILE) in said.out
    assert 0o600 == mode_of(kept / former.FILE)
    assert moved != identity.kept_secret(str(kept))

    earlier.start()
    again = outcome()

    assert ([], []) == (earlier.events, today.events)
    assert [moved] == secrets_at(earlier)
    assert [moved] == secrets_at(today)[:1]
    assert moved not in secrets_at(today)[1:]
    assert (3, True, None, None) == tuple(
        again[key] for key in ("deleted", "reset", "problem", "former")
    )
    assert not (kept / former.FILE).exists()


def test_an_earlier_endpoint_may_be_the_one_that_answers(earlier, today, moved, kept):
    today.behaviour = Status(500)
    said = command("forget")

    assert 1 == said.code
    assert f"asked          {today.url}: it answered 500" in said.out
    assert [moved] == [one.secret for one in former.load(str(kept))]
    assert moved != identity.kept_secret(str(kept))

    today.behaviour = Healthy()
    command("forget")

    assert ([], []) == (earlier.events, today.events)


def test_where_nobody_deletes_the_uid_stays(earlier, today, moved, kept):
    earlier.behaviour = today.behaviour = Status(500)
    said = command("forget")

    assert 1 == said.code
    assert "not forgotten: nobody has deleted anything" in said.out
    assert 2 == said.out.count(": it answered 500")
    assert "as before; ask again later" in said.out
    assert moved == identity.kept_secret(str(kept))
    assert not (kept / former.FILE).exists()


def test_without_a_uid_what_is_still_open_is_asked(earlier, today, moved, kept):
    """Off, no other is made; what is to be asked outlives also that."""
    earlier.close()
    command("off")
    command("forget")

    assert identity.kept_secret(str(kept)) is None
    assert "not forgotten" in command("forget").out

    earlier.start()
    said = command("forget")

    assert (0, "") == (said.code, said.err)
    assert "jina: forgotten: the endpoint deleted 2 events\n" in said.out
    assert [] == earlier.events
    assert "no uid was ever made here" in command("forget").out


def test_the_token_goes_to_the_endpoint_that_it_belongs_to(earlier, today, moved, monkeypatch):
    monkeypatch.setenv("JINA_TEL_TOKEN", "of-today")
    earlier.behaviour = Status(401)
    said = command("forget")

    assert "Authorization" not in earlier.requests[-1].headers
    assert "Bearer of-today" == today.requests[-1].headers["Authorization"]
    assert "it answered 401; if it wants a token: JINA_TEL_ENDPOINT and JINA_TEL_TOKEN" in said.out

    monkeypatch.setenv("JINA_TEL_ENDPOINT", earlier.url)
    monkeypatch.setenv("JINA_TEL_TOKEN", "of-earlier")
    earlier.behaviour = Healthy()
    command("forget")

    assert [] == earlier.events
    assert "Bearer of-earlier" == earlier.requests[-1].headers["Authorization"]
    assert {"Bearer of-today", None} == {r.headers.get("Authorization") for r in today.requests}


@pytest.mark.parametrize("endpoint", ["console:", "memory:", "file:///tmp/x"])
def test_where_nobody_keeps_uids_nobody_is_asked(today, endpoint):
    wait_here(1, endpoint)
    wait_here(1, today.url)
    command("send")
    said = command("forget")

    assert 0 == said.code
    assert "jina: forgotten: the endpoint deleted 1 event\n" in said.out
    assert ("what was sent there is yours to delete" in said.out) == endpoint.startswith("file:")


def test_a_file_of_today_is_no_reason_not_to_ask(earlier, kept):
    wait_here(1, earlier.url)
    command("send")
    wait_here(1, "file:///tmp/x")

    assert 0 == command("forget").code
    assert [] == earlier.events


PLAIN = "http://telemetry.invalid/v1/events"


def test_the_proof_goes_to_no_earlier_endpoint_in_clear(today, kept):
    wait_here(1, PLAIN)
    wait_here(1, today.url)
    command("send")
    said = command("forget")

    assert 1 == said.code
    assert f"not asked      {PLAIN}: it is not encrypted" in said.out
    assert [PLAIN] == [one.endpoint for one in former.load(str(kept))]


def test_under_a_test_suite_nothing_leaves(earlier, moved, monkeypatch):
    wait_here(1, "https://telemetry.invalid/v1/events")
    monkeypatch.setenv("JINA_TEL_TESTING", "1")
    said = command("forget")

    assert 1 == said.code
    assert "JINA_TEL_TESTING is set: nothing leaves this machine" in said.out
    assert [] == earlier.events


def test_an_endpoint_that_no_note_tells_is_asked_when_it_is_named(
    earlier, today, moved, kept, monkeypatch
):
    folder = folders.journal_folder(str(kept), earlier.url)
    os.unlink(os.path.join(folder, product.NOTE))
    said = command("forget")

    assert 1 == said.code
    assert f"the endpoint of {os.path.basename(folder)}: no note tells" in said.out
    assert 2 == len(earlier.events)

    monkeypatch.setenv("JINA_TEL_ENDPOINT", earlier.url)

    assert 0 == command("forget").code
    assert [] == earlier.events
    assert not (kept / former.FILE).exists()


def test_a_broken_description_does_not_keep_from_asking(earlier, today, moved, kept):
    (kept / product.FILE).write_text("{")

    assert 0 == command("forget").code
    assert ([], []) == (earlier.events, today.events)


@pytest.mark.parametrize("content", [b"{", b'{"v": 99, "open": []}', b'{"v": 1, "open": [{}]}'])
def test_what_cannot_be_understood_is_left_as_it_is(today, moved, kept, content):
    (kept / former.FILE).write_bytes(content)
    said = command("forget")

    assert (3, "") == (said.code, said.out)
    assert str(kept / former.FILE) in said.err
    assert content == (kept / former.FILE).read_bytes()
    assert moved == identity.kept_secret(str(kept))


def test_where_it_cannot_be_kept_the_uid_stays(earlier, today, moved, kept):
    earlier.behaviour = Status(500)

    def answer(request):
        (kept / former.FILE).mkdir()
        return Healthy()

    today.behaviour = answer
    said = command("forget")

    assert 1 == said.code
    assert "the uid could not be replaced: " in said.out
    assert moved == identity.kept_secret(str(kept))


def test_what_is_still_to_be_asked_outlives_a_uid_that_could_not_be_replaced(
    earlier, today, moved, kept
):
    earlier.close()

    def answer(request):
        (kept / "uid").rename(kept / "uid-of-the-user")
        (kept / "uid").mkdir()
        return Healthy()

    today.behaviour = answer
    command("forget")
    (kept / "uid").rmdir()
    (kept / "uid-of-the-user").rename(kept / "uid")
    today.behaviour = Status(500)
    command("forget")

    assert [moved] == [one.secret for one in former.load(str(kept))]

    earlier.start()
    command("forget")

    assert [] == earlier.events


def test_who_was_sent_nothing_under_a_uid_is_not_asked_for_it(earlier, today, moved, kept):
    """Or an endpoint that is no more would be asked in vain for each uid to come."""
    earlier.close()
    for _ in range(3):
        command("forget")

        assert [moved] == [one.secret for one in former.load(str(kept))]

    wait_here(1, earlier.url)
    command("send")
    second = identity.kept_secret(str(kept))
    wait_here(0, today.url)
    command("forget")

    assert {moved, second} == {one.secret for one in former.load(str(kept))}


def test_what_an_earlier_endpoint_has_asked_for_is_kept(earlier, moved, kept):
    folder = folders.journal_folder(str(kept), earlier.url)
    contact.store(folder, contact.Contact().went(time.time()))
    command("forget")

    assert contact.load(folder).is_gone(time.time())


def test_a_program_notes_its_endpoint(home, earlier):
    acme = Telemetry("acme", endpoint=earlier.url)
    folder = os.path.dirname(folders.journal_folder(str(home / "state/jina_tel/acme"), "x"))

    @acme.instrumented
    class Flow:
        def start(self): ...

    Flow().start()

    assert acme.flush()
    assert [earlier.url] == [product.noted(one) for one in journal_folders(folder)]


def test_a_product_is_found_by_what_is_still_to_be_asked(home):
    config = home / "config" / "jina_tel" / "acme"
    config.mkdir(parents=True)
    journal = folders.journal_folder("", CLOSED)
    former.store(str(config), [former.Demand(b"s" * 32, journal, CLOSED)])
    said = command("forget", "--product", "acme")

    assert 1 == said.code
    assert "acme: not forgotten: " in said.out
    assert 1 == len(outcome("--product", "acme")["endpoints"])
