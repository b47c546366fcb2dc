"""A receiver that is asked to forget, by who can prove whose the events are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking import ask, event, ids, loss, post

from jina_tel import identity
from jina_tel.testing import (
    Status,
)
from jina_tel.testing.receiver import uid_of

# BLAKE2b-64 of bytes(range(32)) with the person b"jina" is c2ba457b567421ae.
SECRET = bytes(range(32))
UID = 0xC2BA457B567421AE >> 11


def ask_to_forget(receiver, product="jina"):
    body = json.dumps({"product": product, "secret": SECRET.hex()}, indent=1).encode()
    return ask(receiver, body, path="/v1/forget")


def test_the_owner_of_the_secret_has_the_events_deleted(receiver):
    mine, another = event("a", uid=UID), event("b", uid=UID + 1)
    post(receiver, mine, another, event("c", "acme", uid=UID), loss("x"), event("d", uid=UID))

    response = ask_to_forget(receiver)

    assert (response.status, response.answer) == (200, {"deleted": 2})
    assert ids(receiver.events) == ["b", "c"]
    assert ids(receiver.losses) == ["x"]
    assert ask_to_forget(receiver).answer == {"deleted": 0}


def test_a_resend_does_not_bring_back_what_was_forgotten(receiver):
    post(receiver, event("a", uid=UID))
    ask_to_forget(receiver)

    post(receiver, event("a", uid=UID))

    assert receiver.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"product": "jina", "secret": "zz"}',
        b'{"product": "jina", "secret": "0011"}',
        b'{"product": "j\\u00e9na", "secret": "' + SECRET.hex().encode() + b'"}',
        b'{"product": 7, "secret": "' + SECRET.hex().encode() + b'"}',
        b'{"product": "jina", "secret": 7}',
    ],
)
def test_without_the_secret_nothing_is_forgotten(receiver, body):
    post(receiver, event("a", uid=UID))

    assert ask(receiver, body, path="/v1/forget").status == 400
    assert ids(receiver.events) == ["a"]


def test_the_address_to_forget_may_have_a_query(receiver):
    body = json.dumps({"product": "jina", "secret": SECRET.hex()})

    assert ask(receiver, body, path="/else/forget?a=/b").answer == {"deleted": 0}


def test_clear_forgets_what_was_forgotten(receiver):
    post(receiver, event("a", uid=UID))
    ask_to_forget(receiver)
    receiver.clear()

    post(receiver, event("a", uid=UID))

    assert ids(receiver.events) == ["a"]


def test_a_behaviour_answers_a_request_to_forget_too(receiver):
    post(receiver, event("a", uid=UID))
    receiver.behaviour = Status(503)

    assert ask_to_forget(receiver).status == 503
    assert ids(receiver.events) == ["a"]


@given(secret=st.binary(min_size=32, max_size=32), product=st.sampled_from(["jina", "a-0"]))
def test_the_client_and_the_receiver_agree_on_the_uid(secret, product):
    assert identity.uid(secret, product) == uid_of(product, secret)
    assert 0 <= uid_of(product, secret) < 2**53


def test_the_uid_of_a_known_secret():
    assert uid_of("jina", SECRET) == UID
    assert uid_of("acme", SECRET) != UID
