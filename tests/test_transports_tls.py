"""HTTPS: verified always, against the authorities that the standard variables name."""

from __future__ import annotations

import os
import ssl
import time

import pytest
from certificates import Authority
from servers import ACCEPTED, Server, answer, body_of, saying, soon

from jina_tel.errors import TransportError
from jina_tel.files import Held
from jina_tel.transports import tls
from jina_tel.transports.base import Answer, Body
from jina_tel.transports.http import HttpTransport

BODY = body_of()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def sent_to(url, body=BODY, seconds=10.0):
    transport = HttpTransport(url, "token")
    try:
        return transport.send(body, soon(seconds))
    finally:
        transport.close()


def refusal_of(tls, **options):
    """Return why nothing is sent to a server with this certificate; see that nothing was."""
    with Server(saying(ACCEPTED), tls=tls) as server, pytest.raises(TransportError) as caught:
        sent_to(server.url, **options)

    assert [] == server.requests
    assert not caught.value.left

    return str(caught.value)


def test_the_authority_of_ssl_cert_file_is_trusted(trusted):
    with Server(saying(ACCEPTED), tls=trusted.server()) as server:
        assert Answer(202) == sent_to(server.url)

    assert 1 == len(server.requests)


def test_the_authorities_in_ssl_cert_dir_are_trusted(authority, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.folder(tmp_path / "trusted")))
    with Server(saying(ACCEPTED), tls=authority.server()) as server:
        assert Answer(202) == sent_to(server.url)


def test_an_authority_that_nobody_named_is_not_trusted(authority):
    assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(authority.server())


def test_an_authority_of_the_same_name_is_not_trusted(trusted, tmp_path):
    assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(Authority(tmp_path).server())


def test_a_certificate_for_another_host_is_refused(trusted):
    assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(trusted.server("localhost", "127.0.0.2"))


def test_a_certificate_that_has_expired_is_refused(trusted):
    assert "certificate has expired" in refusal_of(trusted.server(days=-1))


def test_the_certificate_of_a_name(trusted):
    with Server(saying(ACCEPTED), tls=trusted.server("localhost")) as server:
        assert Answer(202) == sent_to(server.url.replace("127.0.0.1", "localhost"))


def test_the_certificate_of_an_ipv6_address(trusted):
    with Server(saying(ACCEPTED), host="::1", tls=trusted.server("::1")) as server:
        assert Answer(202) == sent_to(server.url)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_bodies_of_one_delivery_share_a_connection(trusted, newest):
    """TLS 1.3 sends its tickets after the handshake, in between the answers."""
    with Server(saying(ACCEPTED), tls=trusted.server(newest=newest)) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(3)]
        transport.close()

    assert [Answer(202)] * 3 == answers
    assert (1, 3) == (server.connections, len(server.requests))


@pytest.mark.parametrize("farewell", [True, False])
def test_a_connection_that_ended_between_two_bodies_is_opened_again(trusted, farewell):
    def talk(connection, server):
        server.heard(connection)
        connection.sendall(ACCEPTED)
        if farewell:
            connection.unwrap()  # says close_notify

    with Server(talk, tls=trusted.server()) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(3)]
        transport.close()

    assert [Answer(202)] * 3 == answers
    assert 3 == server.connections


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_large_body_and_a_large_answer(trusted, newest):
    large = Body(1, BODY.content, bytes(range(256)) * 40_000)
    content = b'{"rejected": 7, "padding": "' + b"x" * 900_000 + b'"}'
    with Server(saying(answer(202, content)), tls=trusted.server(newest=newest)) as server:
        found = sent_to(server.url, large, seconds=60)

    assert (202, 7) == (found.status, found.rejected)
    assert server.requests[0].endswith(b"\r\n\r\n" + large.gzipped)


def test_an_answer_that_is_cut_off_is_an_error(trusted):
    cut = b"HTTP/1.1 202 x\r\nContent-Length: 100\r\n\r\nabc"
    with Server(saying(cut, stay=False), tls=trusted.server()) as server:
        with pytest.raises(TransportError) as caught:
            sent_to(server.url)

    assert caught.value.left


def test_a_handshake_that_stands_still_ends_at_the_deadline(trusted):
    def talk(connection, server):
        server.heard(connection)

    began = time.monotonic()
    with Server(talk) as server, pytest.raises(TransportError, match="in time") as caught:
        sent_to(server.url.replace("http", "https"), seconds=0.3)

    assert not caught.value.left
    assert time.monotonic() - began < 10  # it would stand for ever


def test_a_server_that_does_not_speak_tls(trusted):
    def talk(connection, server):
        connection.sendall(answer(400))

    with Server(talk) as server, pytest.raises(TransportError) as caught:
        sent_to(server.url.replace("http", "https"))

    assert not caught.value.left


def test_no_redirect_down_to_http(trusted):
    with Server(saying(ACCEPTED)) as plain:
        there = answer(307, Location=plain.url)
        with Server(saying(there), tls=trusted.server()) as server:
            with pytest.raises(TransportError, match="elsewhere"):
                sent_to(server.url)

    assert [] == plain.requests


def test_the_connection_is_closed_where_no_context_can_be_made(trusted, monkeypatch, tmp_path):
    """A destructor would close it, without a look whether the number is still ours."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "none" / "keys"))
    before = set(Held.every)

    assert "FileNotFoundError" in refusal_of(trusted.server())
    assert before == Held.every


@pytest.fixture
def made(monkeypatch):
    """Return all contexts that are made from now on."""
    contexts = []
    create = ssl.create_default_context
    monkeypatch.setattr(
        ssl, "create_default_context", lambda: contexts.append(create()) or contexts[-1]
    )
    monkeypatch.setattr(tls, "_contexts", {})
    return contexts


def test_the_system_s_authorities_are_read_once_a_process(trusted, made):
    with Server(saying(ACCEPTED), tls=trusted.server()) as server:
        assert [Answer(202)] * 3 == [sent_to(server.url) for _ in range(3)]

    assert (1, 3) == (len(made), server.connections)


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "SSLKEYLOGFILE"])
def test_they_are_read_again_where_a_variable_says_something_else(
    trusted, made, monkeypatch, tmp_path, variable
):
    with Server(saying(ACCEPTED), tls=trusted.server()) as server:
        sent_to(server.url)
        monkeypatch.setenv(variable, str(tmp_path / "other"))
        sent_to(server.url)

    assert 2 == len(made)


def test_they_are_read_again_where_a_certificate_was_not_to_be_trusted(authority, made, tmp_path):
    """Whose authority the system may know by now."""
    file = tmp_path / "authorities.pem"
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("SSL_CERT_FILE", str(file))
        refusal_of(authority.server())
        file.write_bytes(authority.file.read_bytes())
        with Server(saying(ACCEPTED), tls=authority.server()) as server:
            assert Answer(202) == sent_to(server.url)

    assert 2 == len(made)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_reads_them_itself(trusted, made):
    with Server(saying(ACCEPTED), tls=trusted.server()) as server:
        sent_to(server.url)
        child = os.fork()
        if not child:
            status = 1
            try:
                sent_to(server.url)
                status = 7 if len(made) == 2 else 2
            finally:
                os._exit(status)
        assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
