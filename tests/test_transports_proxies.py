"""Proxies: through a real one on loopback, and which one the variables mean."""

from __future__ import annotations

import base64
import os
import urllib.request

import pytest
from certificates import Authority
from hypothesis import given
from hypothesis import strategies as st
from servers import ACCEPTED, Server, answer, body_of, proxy, saying, soon

from jina_tel.errors import TransportError
from jina_tel.transports.base import Answer
from jina_tel.transports.http import HttpTransport
from jina_tel.transports.proxies import Proxy, proxy_for

BODY = body_of()
NOT_FROM_HERE = "http://127.0.0.1:9/v1/events"


@pytest.fixture
def between():
    with Server(proxy) as server:
        yield server


@pytest.fixture
def authority(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def sent_to(url, bodies=1):
    transport = HttpTransport(url, "token")
    try:
        return [transport.send(BODY, soon()) for _ in range(bodies)]
    finally:
        transport.close()


def head_of(request):
    return request.partition(b"\r\n\r\n")[0].decode().split("\r\n")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_https_goes_through_a_tunnel(between, authority, monkeypatch, name):
    with Server(saying(ACCEPTED), tls=authority.server()) as server:
        monkeypatch.setenv(name, between.url)
        answers = sent_to(server.url, bodies=2)

    assert [Answer(202)] * 2 == answers
    assert 1 == between.connections
    assert [f"CONNECT {server.authority} HTTP/1.1", f"Host: {server.authority}"] == head_of(
        between.requests[0]
    )
    assert 2 == len(server.requests)


def test_the_proxys_credentials_go_to_the_proxy_alone(between, authority, monkeypatch):
    with Server(saying(ACCEPTED), tls=authority.server()) as server:
        monkeypatch.setenv("HTTPS_PROXY", between.url.replace("//", "//us%40er:p%3Ass@"))
        sent_to(server.url)
    pair = base64.b64encode(b"us@er:p:ss").decode()

    assert f"Proxy-Authorization: Basic {pair}" in head_of(between.requests[0])
    assert b"Authorization: Bearer" not in between.requests[0]
    assert b"Proxy-" not in server.requests[0]
    assert b"Authorization: Bearer token" in server.requests[0]


def test_the_certificate_behind_a_tunnel_is_verified(between, authority, monkeypatch):
    with Server(saying(ACCEPTED), tls=authority.server("127.0.0.2")) as server:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            sent_to(server.url)

    assert [] == server.requests


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_http_goes_by_its_whole_address(between, monkeypatch, name):
    with Server(saying(ACCEPTED)) as server:
        monkeypatch.setenv(name, f"127.0.0.1:{between.port}")  # also without http://
        answers = sent_to(f"{server.url}?a=b", bodies=2)
    [first, *_] = between.requests

    assert [Answer(202)] * 2 == answers
    assert f"POST {server.url}?a=b HTTP/1.1" == head_of(first)[0]
    assert b"Proxy-Authorization" not in first


def test_http_with_the_proxys_credentials(monkeypatch):
    with Server(saying(ACCEPTED)) as between:
        monkeypatch.setenv("HTTP_PROXY", between.url.replace("//", "//user:word@"))
        transport = HttpTransport(NOT_FROM_HERE, None)
        shown = transport.request(BODY)
        transport.send(BODY, soon())
        transport.close()

    assert [shown] == between.requests
    assert "Proxy-Authorization: Basic dXNlcjp3b3Jk" == head_of(shown)[-1]


@pytest.mark.parametrize("status", [302, 403, 407, 502])
def test_a_proxy_that_refuses(status, monkeypatch):
    with Server(saying(answer(status))) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        with pytest.raises(TransportError, match=f"{status} to CONNECT") as caught:
            sent_to("https://127.0.0.1:9/")

    assert not caught.value.left
    assert 1 == len(between.requests)


def test_any_2xx_opens_a_tunnel(authority, monkeypatch):
    def talk(connection, server):
        server.heard(connection)
        connection.sendall(b"HTTP/1.1 204 Go on\r\n\r\n")
        with authority.server().wrap_socket(connection, server_side=True) as inside:
            server.heard(inside)
            inside.sendall(ACCEPTED)

    with Server(talk) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)

        assert [Answer(202)] == sent_to("https://127.0.0.1:9/")


def test_a_proxy_that_hangs_up(monkeypatch):
    with Server(saying(b"", stay=False)) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        with pytest.raises(TransportError) as caught:
            sent_to("https://127.0.0.1:9/")

    assert not caught.value.left


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_goes_straight(between, monkeypatch, name):
    monkeypatch.setenv("HTTP_PROXY", between.url)
    monkeypatch.setenv(name, "a.example, 127.0.0.1")
    with Server(saying(ACCEPTED)) as server:
        sent_to(server.url)

    assert 0 == between.connections
    assert 1 == len(server.requests)


# Which one the variables mean


def chosen(environ, scheme="https", host="a.example", port=""):
    return proxy_for(scheme, host, f"[{host}]{port}" if ":" in host else f"{host}{port}", environ)


ONE, TWO = Proxy("one", 1, ""), Proxy("two", 80, "")


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://one:1"}, ONE),
        ({"https_proxy": "http://two", "HTTPS_PROXY": "http://one:1"}, TWO),
        ({"https_proxy": "", "HTTPS_PROXY": "http://one:1"}, None),
        ({"HTTP_PROXY": "http://one:1"}, None),
        ({"ALL_PROXY": "http://one:1"}, ONE),
        ({"ALL_PROXY": "http://one:1", "HTTPS_PROXY": "http://two"}, TWO),
        ({"HTTPS_PROXY": "one:1"}, ONE),
        ({"HTTPS_PROXY": "http://one:1/"}, ONE),
        ({"HTTPS_PROXY": "http://[::1]:1"}, Proxy("::1", 1, "")),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "b.example"}, ONE),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "b.example,A.example"}, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": " .example "}, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "example"}, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "ample"}, ONE),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://one:1", "NO_PROXY": ", ,"}, ONE),
    ],
)
def test_which_proxy_the_variables_mean(environ, proxy):
    assert proxy == chosen(environ)


@pytest.mark.parametrize("entry", ["::1", "[::1]", "[::1]:8080"])
def test_no_proxy_for_an_ipv6_address(entry):
    assert chosen({"HTTPS_PROXY": "one:1", "NO_PROXY": entry}, host="::1", port=":8080") is None


def test_in_a_cgi_script_http_proxy_is_a_header_of_the_client():
    environ = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://one:1"}

    assert chosen(environ, "http") is None
    assert ONE == chosen({**environ, "http_proxy": "http://one:1"}, "http")


@pytest.mark.parametrize(
    "text",
    [
        "socks5://user:s3cret@one:1080",
        "https://user:s3cret@one",
        "http://user:s3/cret@one:80",
        "http://user:s3cret",
        "http://user:s3cret@[one:1",
        "http://user:s3cret@one:99999",
        "http://user:s3cret@\xe9:80",
        "http://user:s3cret\udc80@one:1",
        "http://",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_password(text):
    with pytest.raises(TransportError) as caught:
        chosen({"HTTPS_PROXY": text})

    assert "s3" not in str(caught.value)
    assert "user" not in str(caught.value)


HOSTS = st.sampled_from(["a.example", "b.a.example", "127.0.0.1", "A", "localhost"])
ENTRIES = st.lists(st.one_of(HOSTS, st.sampled_from([".a", "example", "a.example:80", " ", "*"])))
VALUES = st.sampled_from(["", "http://one:1", "two"])
NAMES = st.sampled_from(
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "REQUEST_METHOD"]
)


@given(st.dictionaries(NAMES, VALUES), ENTRIES, HOSTS, st.sampled_from(["", ":80"]))
def test_the_variables_mean_what_urllib_takes_them_for(given, entries, host, port):
    environ = {**given, "NO_PROXY": ",".join(entries)}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        known = urllib.request.getproxies_environment()
        bypassed = urllib.request.proxy_bypass_environment(f"{host}{port}", known)
    for scheme in ("http", "https"):
        theirs = None if bypassed else known.get(scheme) or known.get("all")
        ours = chosen(environ, scheme, host, port)

        assert (theirs and theirs.rpartition("/")[2]) == (
            ours and ours.host + {1: ":1", 80: ""}[ours.port]
        )
