"""What an author may choose, and what is refused at once."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel import payload
from jina_tel.facts import Count, Version
from jina_tel.settings import (
    COMMON,
    Settings,
    checked_endpoint,
    endpoint_of,
    is_endpoint,
    is_loopback,
)

PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,15}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)

GOOD_ENDPOINTS = [
    "console:",
    "memory:",
    "file:///var/tmp/events",
    "http://127.0.0.1",
    "http://localhost:8080/v1/events?key=1",
    "http://[::1]:9/",
    "https://[2001:db8::1]",
    "https://a",
    "https://telemetry.acme.example/v1/events",
    "https://collector_1:65535",
    "otlp+https://collector:4318",
    "otlp+http://[::1]:4318/otlp",
]
BAD_ENDPOINTS = [
    "",
    "/var/tmp/events",
    "CONSOLE:",
    "console",
    "file://",
    "file:///",
    "file:///%00",
    "file://relative",
    "ftp://a",
    "otlp+ftp://a",
    "otlp+https://",
    "otlp+file:///a",
    "otlp://a",
    "http:",
    "http://",
    "http:///path",
    "http://:80",
    "http://?x",
    "http://[",
    "http://[::1",
    "http://[::1]x",
    "http://[::g]",
    "http://[]",
    "http://::1]",
    "http://a b",
    "http://a#b",
    "http://a:",
    "http://a:0",
    "http://a:65536",
    "http://a:80:80",
    "http://a:" + "9" * 5000,
    "http://a:x",
    "http://a\\@b",
    "http://a\n",
    "http://b\u00fccher.example",
    "http://user:secret@a",
    "https://user@a/path",
    "memory:x",
    "telemetry.acme.example",
]


@pytest.mark.parametrize("endpoint", GOOD_ENDPOINTS)
def test_an_address_that_events_can_be_sent_to_is_taken(endpoint):
    assert endpoint == checked_endpoint(endpoint)
    assert endpoint == Settings("acme", endpoint=endpoint).endpoint


@pytest.mark.parametrize("endpoint", [*BAD_ENDPOINTS, None, 80, b"console:"])
def test_any_other_address_is_refused(endpoint):
    with pytest.raises(ValueError, match="endpoint: .*https://"):
        checked_endpoint(endpoint)


PIECES = st.sampled_from(
    [
        "http://",
        "https://",
        "file:///",
        "a",
        "[",
        "]",
        "::1",
        ":",
        "80",
        "@",
        "#",
        "?",
        "/",
        ".",
        "%",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join)))
def test_whatever_is_taken_can_be_taken_apart(text):
    if is_endpoint(text) and text.startswith("http"):
        parts = urlsplit(text)

        assert parts.hostname
        assert parts.port is None or 0 < parts.port < 65536
        assert (None, None) == (parts.username, parts.password)


LOOPBACK = [
    ("console:", True),
    ("memory:", True),
    ("file:///tmp/x", True),
    ("http://127.0.0.1", True),
    ("http://127.0.0.1:8000/v1?x", True),
    ("https://localhost/", True),
    ("http://[::1]", True),
    ("http://[::1]:80/", True),
    ("http://127.0.0.1.evil.example", False),
    ("http://localhost.example", False),
    ("http://[::2]:80", False),
    ("https://telemetry.acme.example", False),
    ("https://a/http://localhost", False),
    ("http://0.0.0.0", False),
    ("otlp+http://127.0.0.1:4318", True),
    ("otlp+http://[::1]:4318/otlp", True),
    ("otlp+https://collector.example:4318", False),
]


@pytest.mark.parametrize(("endpoint", "expected"), LOOPBACK)
def test_what_stays_on_this_machine_is_known_by_its_text(endpoint, expected):
    assert expected == is_loopback(endpoint)


@given(st.text(alphabet="abc-_09Aé\n", max_size=20))
def test_a_product_s_name_is_short_and_plain(name):
    if PRODUCT.fullmatch(name):
        assert name == Settings(name).product
    else:
        with pytest.raises(ValueError, match="product: "):
            Settings(name)


@given(st.text(alphabet="aZ09-_.é +\n", max_size=5) | st.just("a" * 65) | st.none())
def test_a_distribution_s_name_is_one_of_pep_508(name):
    if isinstance(name, str) and NAME.fullmatch(name) and len(name) <= 64:
        assert (name,) == Settings("acme", [name]).distributions
    else:
        with pytest.raises(ValueError, match="distributions: "):
            Settings("acme", [name])


PAGES = [
    None,
    "https://acme.example",
    "http://localhost:8000/docs?of=acme",
    "https://acme.example/docs#telemetry",
    "https://acme.example#telemetry",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_where_a_browser_goes(page):
    assert page == Settings("acme", page=page).page


WRONG = [
    ({"product": None}, "product: "),
    ({"distributions": "numpy"}, "distributions: "),
    ({"distributions": 5}, "distributions: "),
    ({"facts": ["numpy"]}, "facts: "),
    ({"facts": {"a b": Version("numpy")}}, "facts: 'a b'"),
    ({"facts": {"numpy": "1.0"}}, "facts: 'numpy'"),
    ({"facts": {"uid": Version("numpy")}}, "'uid' is in the payload already"),
    ({"distributions": ("event",)}, "'event' is in the payload already"),
    ({"distributions": ("numpy",), "facts": {"numpy": Version("numpy")}}, "'numpy' is in"),
    ({"notice": 5}, "notice: text"),
    ({"page": b"https://a"}, "page: an address"),
    ({"page": "not a url"}, "page: an address"),
    ({"page": "acme.example/telemetry"}, "page: an address"),
    ({"page": "https://"}, "page: an address"),
    ({"page": "https://acme.example/tele metry"}, "page: an address"),
    ({"page": "file:///telemetry.html"}, "page: an address"),
    ({"page": "https://acme.example/\x1b[31m"}, "page: an address"),
    ({"events_per_hour": 5}, "no setting events_per_hour"),
    ({"journal_bytes": 4095}, "journal_bytes: a number from 4096"),
    ({"journal_bytes": 5000.0}, "journal_bytes: a whole number"),
    ({"journal_days": 0}, "journal_days: "),
    ({"journal_days": float("nan")}, "journal_days: "),
    ({"events_per_minute": 0}, "events_per_minute: "),
    ({"events_per_minute": True}, "events_per_minute: "),
    ({"exit_seconds": -0.1}, "exit_seconds: "),
    ({"exit_seconds": float("inf")}, "exit_seconds: "),
    ({"exit_seconds": "1"}, "exit_seconds: "),
    ({"batch_events": 0}, "batch_events: "),
    ({"body_bytes": 1 << 31}, "body_bytes: "),
]


@pytest.mark.parametrize(("given_", "said"), WRONG)
def test_a_wrong_argument_is_refused_and_named(given_, said):
    with pytest.raises(ValueError, match=said):
        Settings(**{"product": "acme", **given_})


@pytest.mark.parametrize("seconds", [0, 0.3, 60])
def test_the_ends_of_a_range_are_in_it(seconds):
    assert seconds == Settings("acme", exit_seconds=seconds).exit_seconds


def test_a_change_leaves_the_rest_as_it_was():
    before = Settings("acme", ("numpy",), "memory:", facts={"n": Count(int, most=9, why="")})
    after = before.changed(journal_days=2)

    assert (2, 30) == (after.journal_days, before.journal_days)
    for name in set(Settings.__slots__) - {"journal_days", "variables"}:
        assert getattr(before, name) == getattr(after, name)


def test_a_change_of_what_is_no_setting_is_refused():
    with pytest.raises(ValueError, match="no setting colour; there are "):
        Settings("acme").changed(colour="red")


ACME = Settings("acme", endpoint="https://a.example")
ENDPOINTS = [
    (Settings("acme"), {}, None),
    (ACME, {}, "https://a.example"),
    (ACME, {"ACME_TEL_ENDPOINT": "memory:"}, "memory:"),
    (ACME, {"ACME_TEL_ENDPOINT": "nonsense"}, "nonsense"),
    (ACME, {"ACME_TEL_ENDPOINT": ""}, None),
    (ACME, {"JINA_TEL_ENDPOINT": "memory:"}, "https://a.example"),
    (ACME, {"JINA_TEL_TESTING": "1"}, "memory:"),
    (ACME, {"JINA_TEL_TESTING": "1", "ACME_TEL_ENDPOINT": "http://b"}, "memory:"),
    (ACME, {"JINA_TEL_TESTING": "1", "ACME_TEL_ENDPOINT": "file:///b"}, "file:///b"),
    (Settings("acme"), {"JINA_TEL_TESTING": "1"}, "memory:"),
    (Settings("acme", endpoint="http://[::1]:1"), {"JINA_TEL_TESTING": "1"}, "http://[::1]:1"),
]


@pytest.mark.parametrize(("settings", "environ", "expected"), ENDPOINTS)
def test_the_user_s_endpoint_comes_before_the_author_s(settings, environ, expected):
    assert expected == endpoint_of(settings, environ)


def test_the_common_keys_are_those_that_the_payload_declares():
    assert list(COMMON) == [field.name for field in payload.fields_of(Settings("acme"))]
