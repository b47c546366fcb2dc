"""Where a request goes: what is read without ``urllib.parse`` is what that reads."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jina_tel.transports import address
from jina_tel.transports.address import Target, target_of

PIECES = st.sampled_from(
    [
        *("http", "https", "HTTP", "ftp", ":", "//", "/", "://", "?", "#", "@", "[::1]", "%20"),
        *("a.example", "A.example", "127.0.0.1", "-", ".", "_", "~", ";", "é", " ", "\t", "\n"),
        *(":80", ":0", ":080", ":65535", ":65536", ":999999", ":\u0661", "x", "events", "?a=b"),
    ]
)


AUTHORITIES = st.lists(
    st.sampled_from(
        [
            *("a.example", "A.example", "127.0.0.1", "-", ".", "_", "[::1]", "user@", "u:w@", ":"),
            *(":80", ":0", ":080", ":65535", ":65536", ":999999", ":00000080", ":\u0661", ":\xb2"),
        ]
    ),
    max_size=3,
).map("".join)
PATHS = st.lists(
    st.sampled_from(["/", "v1", "E~", "_", "%20", "?", "a=b", "#", ";", "@", ":", " ", "\t", "é"]),
    max_size=5,
).map("".join)
ADDRESSES = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https", "HTTP", "ftp", ""]), AUTHORITIES, PATHS
)


def outcome(read, url):
    try:
        return read(url)
    except ValueError as error:
        return type(error)


@settings(max_examples=1000)
@given(ADDRESSES | st.lists(PIECES, max_size=7).map("".join))
@example("http://user@a.example")
@example("http://a.example:65536")
@example("http://a.example:0000000080")
@example("http://a.example:\u0661")
@example("https://telemetry.example:8443/v1/events")
@example("http://127.0.0.1:8080")
@example("http://a.example//x")
@example("http://a.example:")
@example("http://a.example/x?")
def test_an_address_is_read_as_urllib_reads_it(url):
    assert outcome(address._parsed, url) == outcome(target_of, url)


@pytest.mark.parametrize("url", ["http://\xe9.example", "http://a.example/\xe9", "\xe9://a"])
def test_an_address_is_ascii(url):
    with pytest.raises(ValueError, match="cannot hold"):
        target_of(url)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://a.example", ("http", "a.example", 80, "/", "a.example")),
        ("https://a.example/", ("https", "a.example", 443, "/", "a.example")),
        ("http://127.0.0.1:8/v1/E~", ("http", "127.0.0.1", 8, "/v1/E~", "127.0.0.1:8")),
    ],
)
def test_urllib_is_not_asked_for_a_plain_one(monkeypatch, url, parts):
    monkeypatch.setattr(address, "_parse", None)

    assert Target(*parts) == target_of(url)
