"""What is read and written without ``json`` is what ``json`` reads and writes."""

from __future__ import annotations

import enum
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import run

from jina_tel import plain_json

PLAIN = '{"id": "5b2c-1f", "v": 1, "took": 0.05, "gone": true, "page": null, "list": ["a", -2, {}]}'
WORDS = st.characters() | st.sampled_from(["\\", '"', "\x7f", "\xa0", "é", "%"])
TEXTS = st.text(WORDS, max_size=8)
NUMBERS = st.integers() | st.floats() | st.booleans() | st.none()
VALUES = st.recursive(
    NUMBERS | TEXTS,
    lambda values: st.lists(values) | st.dictionaries(TEXTS, values) | st.tuples(values),
    max_leaves=8,
)
PIECES = st.sampled_from(
    [
        *("{", "}", "[", "]", ",", ":", '"', '"a"', '"b":', '"\\u0041"', "\\", " ", "\n", "\x0c"),
        *("true", "false", "null", "NaN", "-Infinity", "0", "-0", "01", "1.5", "1.", ".5", "-"),
        *("1e3", "1_0", "+1", "\u0661", "\ufeff", "\xa0", "True", "9" * 400),
    ]
)


def outcome(function, *given, **options):
    """Return what it returns, in which 1 and True are told apart, or what it raises."""
    try:
        return repr(function(*given, **options))
    except (TypeError, ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def is_json_asked(monkeypatch, function, *given):
    asked = []
    monkeypatch.setattr(plain_json, "_json", lambda: asked.append(1) or json)
    function(*given)
    return bool(asked)


@given(st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=9))
@example(PLAIN)
@example("[" * 100_000)
@example('{"a":1,}')
@example('{"a":1,"a":2}')
@example("[1 2]")
@example('{"a" "b"}')
@example('{"a":1]')
@example("[1]\x0c")
@example("\x0c[1]")
@example("[1]\xa0")
@example('"\x01"')
@example('"\xa0\x7f"')
@example("1.")
@example("-")
@example(".5")
@example("01")
@example("1.5")
@example("\u0661")
@example("9" * 4300)
@example("9" * 5000)
def test_a_text_says_what_json_says(text):
    assert outcome(json.loads, text) == outcome(plain_json.loads, text)


@pytest.mark.parametrize("text", ['{"a":' * 600 + "1" + "}" * 600, "[" * 900 + "]" * 900])
def test_a_text_that_is_too_deep_for_ours_is_read_by_json(text):
    """Not as an example of a property: there Python's limit is another."""
    assert outcome(json.loads, text) == outcome(plain_json.loads, text)


@given(st.binary(max_size=9) | VALUES.map(lambda value: json.dumps(value).encode("utf-16")))
@example(b"\xef\xbb\xbf[]")
@example('"\xe9"'.encode())
@example(b'"\xe9"')
@example(b"\0[\x001\0]")
def test_bytes_are_utf_8(content):
    """As RFC 8259 has it; for another codec ``json`` would import it, without our gate."""

    def read(content):
        return json.loads(content.decode())

    assert outcome(read, content) == outcome(plain_json.loads, content)


@given(VALUES)
def test_what_is_written_is_what_json_writes(value):
    compact = outcome(json.dumps, value, separators=(",", ":"))

    assert compact == outcome(plain_json.dumps, value)
    assert outcome(json.dumps, value, indent=1) == outcome(plain_json.dumps, value, indent=1)
    assert outcome(json.dumps, value, indent=2) == outcome(plain_json.dumps, value, indent=2)


class Level(enum.IntEnum):
    HIGH = 3


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def circular():
    value = []
    value.append(value)
    return value


OTHERS = [{1: "a"}, {None: 1}, {(): 1}, object(), {1, 2}, b"a", Level.HIGH, nested(900), circular()]


@pytest.mark.parametrize("value", OTHERS, ids=lambda value: type(value).__name__)
def test_what_json_alone_can_write_or_refuse_is_left_to_it(value):
    assert outcome(json.dumps, value, separators=(",", ":")) == outcome(plain_json.dumps, value)


@given(VALUES)
def test_what_was_written_is_read_again(value):
    written = plain_json.dumps(value, indent=1)

    assert repr(json.loads(written)) == repr(plain_json.loads(written))


def test_json_is_asked_for_no_plain_text(monkeypatch):
    assert not is_json_asked(monkeypatch, plain_json.loads, PLAIN)
    assert not is_json_asked(monkeypatch, plain_json.dumps, json.loads(PLAIN))


def test_json_is_asked_for_a_long_text(monkeypatch):
    """Of what a server answers: the whole of it would keep the host's threads for seconds."""
    longest = f'"{"a" * (plain_json.SHORT - 2)}"'

    assert not is_json_asked(monkeypatch, plain_json.loads, longest)
    assert is_json_asked(monkeypatch, plain_json.loads, f"{longest} ")


def test_a_bare_program_imports_no_json():
    script = """
        import sys
        from jina_tel import plain_json
        assert plain_json.loads(plain_json.dumps({"a": [1, 2.5, None]})) == {"a": [1, 2.5, None]}
        assert not {"json", "re", "enum", "collections"} & set(sys.modules), sorted(sys.modules)
    """

    run(script, "-S")
