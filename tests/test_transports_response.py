"""An answer is read as ``http.client`` reads it, wherever both read it."""

from __future__ import annotations

import http.client
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel.transports.response import ProtocolError, read_response

NAMES = st.sampled_from(["Retry-After", "Location", "Server", "X-A", "x-a", "Content-Type"])
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
CONTENT = st.binary(max_size=400)
FRAMES = ["length", "chunks", "the end"]


class Pieces:
    """A wire on which bytes come in pieces."""

    def __init__(self, content, size):
        self._rest = io.BytesIO(content)
        self._size = size

    def receive(self, most_bytes):
        return self._rest.read(min(most_bytes, self._size))

    def makefile(self, mode):
        return self._rest


def written(status, headers, content, frame, chunk, persists):
    lines = [
        f"HTTP/1.{int(persists)} {status} Said",
        *(f"{name}: {text}" for name, text in headers),
    ]
    if frame == "length":
        lines.append(f"Content-Length: {len(content)}")
    if frame == "chunks":
        lines.append("Transfer-Encoding: chunked")
        pieces = [content[at : at + chunk] for at in range(0, len(content), chunk)]
        chunks = (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        content = b"".join(chunks) + b"0\r\n\r\n"
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + content


@given(
    st.sampled_from([200, 202, 204, 301, 400, 413, 429, 503]),
    HEADERS,
    CONTENT,
    st.sampled_from(FRAMES),
    st.integers(1, 90),
    st.integers(1, 900),
    st.booleans(),
)
def test_it_reads_what_http_client_reads(status, headers, content, frame, chunk, size, persists):
    content = b"" if status == 204 else content
    said = written(status, headers, content, "length" if status == 204 else frame, chunk, persists)

    ours = read_response(Pieces(said, size))
    theirs = http.client.HTTPResponse(Pieces(said, 0))
    theirs.begin()

    assert (theirs.status, theirs.read()) == (ours.status, ours.content)
    assert content == ours.content
    assert {name.lower() for name, _ in theirs.getheaders()} == set(ours.headers)
    assert all(theirs.getheader(name) == text for name, text in ours.headers.items())
    assert ours.stays == (not theirs.will_close)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 202 x\r\nContent-Length: -1\r\n\r\n", "no length"),
        (b"HTTP/1.1 202 x\r\nContent-Length: 1, 2\r\n\r\nab", "no length"),
        (b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", "no chunk"),
        (b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "a chunk"),
        (b"HTTP/1.1 202 x\r\nhalf a head", "in the middle"),
        (b"HTTP/1.1 99 x\r\n\r\n", "no status"),
        (b"HTTP/1.1 2022 x\r\n\r\n", "no status"),
        (b"HTTP/3.0 202 x\r\n\r\n", "no status"),
        (b"HTTP/1.1 202 x\r\nno header\r\n\r\n", "no header"),
    ],
)
def test_what_is_no_answer_is_named(said, why):
    with pytest.raises(ProtocolError, match=why):
        read_response(Pieces(said, 7))


def test_silence_is_told_from_half_an_answer():
    with pytest.raises(ConnectionResetError):
        read_response(Pieces(b"", 7))


def test_a_folded_header_is_one():
    said = b"HTTP/1.1 202 x\r\nA: b\r\n  c\r\nContent-Length: 0\r\n\r\n"

    assert "b c" == read_response(Pieces(said, 3)).headers["a"]


def test_the_success_of_connect_has_no_content():
    said = b"HTTP/1.1 200 x\r\nContent-Length: 5\r\n\r\n"

    response = read_response(Pieces(said, 99), to_connect=True)

    assert (b"", True) == (response.content, response.stays)


def test_a_connection_with_more_on_it_than_an_answer_is_not_used_again():
    said = b"HTTP/1.1 202 x\r\nContent-Length: 1\r\n\r\nab"

    assert not read_response(Pieces(said, 99)).stays
