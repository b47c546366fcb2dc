"""HTTPS: the system's folder of authorities is enough, and its file is read where it is not."""

from __future__ import annotations

import ssl

import pytest
from certificates import Authority
from servers import ACCEPTED, Server, body_of, saying, soon

from jina_tel.errors import TransportError
from jina_tel.transports import tls
from jina_tel.transports.base import Answer
from jina_tel.transports.http import HttpTransport


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def folder(tmp_path, authority):
    return authority.folder(tmp_path / "trusted")


@pytest.fixture
def other(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"), "other")


@pytest.fixture
def contexts(monkeypatch, folder):
    """Return what each context was made with."""
    made = []
    create = ssl.create_default_context
    monkeypatch.setattr(
        ssl, "create_default_context", lambda **given: made.append(given) or create(**given)
    )
    return made


def sent_to(authority):
    """Send to a server of this authority; return the answer, and how many connections it took."""
    with Server(saying(ACCEPTED), tls=authority.server()) as server:
        transport = HttpTransport(server.url, None)
        try:
            return transport.send(body_of(), soon()), server.connections
        finally:
            transport.close()


def test_the_file_is_not_read_where_the_folder_is_enough(monkeypatch, contexts, authority, folder):
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    assert (Answer(202), 1) == sent_to(authority)
    assert [{"capath": str(folder)}] == contexts


def test_an_authority_of_the_file_alone_is_trusted(monkeypatch, folder, other, contexts):
    """As that of a company, which the file was given by hand."""
    monkeypatch.setattr(tls, "_folder", lambda: str(folder))
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))

    assert (Answer(202), 2) == sent_to(other)
    assert [{"capath": str(folder)}, {}] == contexts


def test_an_authority_of_neither_is_not_trusted(monkeypatch, folder, other):
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        sent_to(other)

    assert not caught.value.left


def test_a_folder_that_is_enough_trusts_no_more_than_the_default(folder, monkeypatch):
    """Its context is the default's in all but what was read."""
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    one, other = ssl.create_default_context(capath=tls._folder()), ssl.create_default_context()

    for name in ("verify_mode", "check_hostname", "verify_flags", "options", "minimum_version"):
        assert getattr(one, name) == getattr(other, name)


def test_a_file_that_somebody_names_is_read(monkeypatch, folder):
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "none"))

    assert tls._folder() is None


@pytest.mark.parametrize("names", [None, [], ["ca.pem", "README"], ["0123abcd.r0", "long.name.0"]])
def test_a_folder_where_openssl_finds_nothing_is_not_enough(monkeypatch, tmp_path, names):
    place = tmp_path / "certificates"
    if names is not None:
        place.mkdir()
    for name in names or ():
        (place / name).touch()
    monkeypatch.setenv("SSL_CERT_DIR", str(place))

    assert tls._folder() is None
