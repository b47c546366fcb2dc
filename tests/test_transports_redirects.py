"""Redirects: followed on the same host, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import body_of, failure_of, saying, sent_to

from jina_tel.errors import TransportError
from jina_tel.testing import Healthy, Receiver, Redirect
from jina_tel.transports.address import redirected, target_of

BODY = body_of()


def test_a_redirect_on_the_same_host_is_followed_as_a_post():
    with Receiver() as receiver:
        there = receiver.url.replace("events", "elsewhere")
        receiver.behaviour = [Redirect(there, 301), Redirect("/v2?x=1", 308), Healthy()]
        found = sent_to(receiver, token="token")
    asked = [(r.method, r.path, r.body, r.headers["Authorization"]) for r in receiver.requests]

    assert 202 == found.status
    assert [
        ("POST", path, BODY.gzipped, "Bearer token")
        for path in ("/v1/events", "/v1/elsewhere", "/v2?x=1")
    ] == asked


def test_a_redirect_to_another_port_is_not_followed():
    with Receiver() as other, Receiver(behaviour=Redirect(other.url)) as receiver:
        with pytest.raises(TransportError, match="elsewhere") as caught:
            sent_to(receiver)

    assert caught.value.left
    assert [] == other.requests


def test_a_redirect_loop_ends():
    with Receiver(behaviour=Redirect("/v1/events")) as receiver:
        with pytest.raises(TransportError, match="without end") as caught:
            sent_to(receiver)

    assert caught.value.left
    assert 4 == len(receiver.requests)


@pytest.mark.parametrize(
    ("before", "location", "after"),
    [
        ("https://a.example/x", "/y", "https://a.example/y"),
        ("https://a.example/x/", "y?z", "https://a.example/x/y?z"),
        ("https://a.example/x", "https://a.example:443/y", "https://a.example:443/y"),
        ("https://a.example/x", "//A.example/y", "https://A.example/y"),
        ("http://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("http://[::1]:8080/x", "/y", "http://[::1]:8080/y"),
    ],
)
def test_where_a_redirect_may_lead(before, location, after):
    assert target_of(after) == redirected(target_of(before), location)


@pytest.mark.parametrize(
    ("before", "location"),
    [
        ("https://a.example/x", "http://a.example/x"),
        ("https://a.example/x", "https://a.example:444/x"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "//b.example/x"),
        ("https://a.example/x", "https://a.example.b.example/x"),
        ("https://a.example/x", "https://a.example@b.example/x"),
        ("https://a.example/x", "https://user:word@a.example/x"),
        ("http://a.example/x", "http://a.example:8080/x"),
        ("http://a.example:8080/x", "https://a.example:8443/x"),
        ("http://a.example:8080/x", "https://a.example/x"),
        ("https://a.example/x", "file:///etc/passwd"),
        ("https://a.example/x", "https://[::1"),
        ("https://a.example/x", "https://a.example:port/"),
        ("https://a.example/x", "https://a.example:99999/"),
        ("https://a.example/x", "/a b"),
        ("https://a.example/x", "/\x85\xe9"),
    ],
)
def test_where_a_redirect_must_not_lead(before, location):
    with pytest.raises(TransportError, match="elsewhere"):
        redirected(target_of(before), location)


@given(st.text(max_size=40))
def test_no_redirect_leaves_the_host(location):
    before = target_of("https://a.example/x")
    try:
        after = redirected(before, location)
    except TransportError:
        return

    assert (before.scheme, before.host, before.port) == (after.scheme, after.host, after.port)
    assert after.path.isascii() and after.path.isprintable() and " " not in after.path


@pytest.mark.parametrize("location", ["http://[::1", "https://a:b:c/", "/\r\n b", "\xff"])
def test_a_redirect_into_nowhere_is_a_transport_error(location):
    there = f"HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    error = failure_of(saying(there.encode("latin-1")))

    assert "redirects" in str(error)
