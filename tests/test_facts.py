"""Facts: versions, choices and counts, and nothing that is text."""

from __future__ import annotations

import enum
import re
import string
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel.facts import UNSET, Choice, Count, Version, is_version, public_version

# Of PEP 440's appendix B, what may stand before the "+", with its alternate spellings. A number
# that it lets out stands here: two words in a row are no version that anybody wrote.
PEP_440 = re.compile(
    r"""
    (?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*
    (?:[-_.]?(?:alpha|beta|preview|pre|rc|a|b|c)[-_.]?[0-9]+)?
    (?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]+)?
    (?:[-_.]?dev[-_.]?[0-9]+)?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

VERSIONS = [
    ("3.7.13", "3.7.13"),
    ("6.0", "6.0"),
    ("1!2.0rc1.post3.dev4", "1!2.0rc1.post3.dev4"),
    ("2.0.0-beta.1", "2.0.0-beta.1"),
    ("1.0a1", "1.0a1"),
    ("2022.8.21", "2022.8.21"),
    ("3.13.0b2", "3.13.0b2"),
    ("3.20.1+acme.internal.build", "3.20.1"),
    ("3.14.0a1+", "3.14.0a1"),
    (UNSET, UNSET),
    ("", UNSET),
    ("v1.0", UNSET),
    ("+local", UNSET),
    ("1.0-acme", UNSET),
    ("1.0.johns.fork", UNSET),
    ("1.0 final", UNSET),
    ("1.0\n", UNSET),
    ("1.0/home/john", UNSET),
    ("١.٠", UNSET),
    ("1.0ß", UNSET),
    ("1" * 33, UNSET),
    (None, UNSET),
    (3.7, UNSET),
    (("3", "7"), UNSET),
    (b"3.7", UNSET),
]


@pytest.mark.parametrize(("text", "expected"), VERSIONS)
def test_of_a_version_the_public_part_leaves(text, expected):
    assert expected == public_version(text)


@given(st.from_regex(PEP_440, fullmatch=True).filter(lambda text: len(text) <= 32))
def test_every_public_version_of_pep_440_is_one(text):
    assert is_version(text)


TEXTS = st.text() | st.text(alphabet="0123456789.!-_ abcdeprtvw", max_size=33)


@given(TEXTS)
def test_a_version_has_no_words_but_those_of_pep_440(text):
    words = set(re.findall("[a-z]+", text.lower()))
    known = {"a", "alpha", "b", "beta", "c", "dev", "post", "pre", "preview", "r", "rc", "rev"}

    if is_version(text) and text != UNSET:
        assert words <= known
        assert set(text) <= {*string.ascii_letters, *string.digits, *".!-_"}
        assert text[0] in string.digits
        assert len(text) <= 32


@given(TEXTS | st.none() | st.integers())
def test_a_public_version_can_always_leave(text):
    assert is_version(public_version(text))


def test_a_version_is_that_of_the_loaded_module(monkeypatch):
    module = types.ModuleType("acme")
    monkeypatch.setitem(sys.modules, "acme", module)
    fact = Version("acme", "__proto_version__")

    assert UNSET == fact.read()

    module.__proto_version__ = "0.1.13+john"

    assert "0.1.13" == fact.read()
    assert fact.accepts("0.1.13")
    assert not fact.accepts("john")
    assert "which versions of acme are used" == fact.why
    assert "version" == fact.kind


def test_a_module_s_own_getattr_is_not_asked(monkeypatch):
    module = types.ModuleType("acme")
    module.__getattr__ = lambda name: 1 / 0
    monkeypatch.setitem(sys.modules, "acme", module)

    assert UNSET == Version("acme").read()


def test_a_module_is_never_imported_for_its_version():
    assert UNSET == Version("this").read()
    assert "this" not in sys.modules


class Colour(str, enum.Enum):
    RED = "red"


def chosen(value):
    return Choice(("red", "green"), lambda: value, why="").read()


@pytest.mark.parametrize("value", ["blue", "", None, 5, ["red"], "RED", UNSET, b"red"])
def test_what_is_not_among_the_words_is_unset(value):
    assert UNSET == chosen(value)


@pytest.mark.parametrize("value", ["red", Colour.RED])
def test_a_word_leaves_as_plain_text(value):
    assert (str, "red") == (type(chosen(value)), chosen(value))


@given(st.text() | st.none() | st.booleans() | st.integers() | st.lists(st.text()))
def test_a_choice_accepts_its_words_alone(value):
    assert (value in ["red", "green", UNSET]) == Choice(("red", "green"), str, why="").accepts(
        value
    )


def test_the_words_of_a_choice_may_be_given_one_by_one():
    fact = Choice((word for word in ("red", "green")), lambda: "green", why="")

    assert ("red", "green") == fact.values
    assert "green" == fact.read()


class Few(enum.IntEnum):
    THREE = 3


COUNTS = [
    (0, 0),
    (7, 7),
    (8, 8),
    (9, 8),
    (10**30, 8),
    (Few.THREE, 3),
    (-1, UNSET),
    (True, UNSET),
    (1.5, UNSET),
    ("3", UNSET),
    (None, UNSET),
]


@pytest.mark.parametrize(("value", "expected"), COUNTS)
def test_a_count_is_cut_to_its_most(value, expected):
    found = Count(lambda: value, most=8, why="").read()

    assert (expected, type(expected)) == (found, type(found))


@given(st.integers() | st.text() | st.booleans() | st.floats() | st.none())
def test_a_count_accepts_whole_numbers_up_to_its_most(value):
    good = value == UNSET or (type(value) is int and 0 <= value <= 8)

    assert good == Count(int, most=8, why="").accepts(value)


WRONG = [
    (lambda: Choice("red", str, why=""), "values: "),
    (lambda: Choice(("ä",), str, why=""), "values: "),
    (lambda: Choice(("a" * 33,), str, why=""), "values: "),
    (lambda: Choice((5,), str, why=""), "values: "),
    (lambda: Choice(5, str, why=""), "values: "),
    (lambda: Choice(("a",), "a", why=""), "read: "),
    (lambda: Choice(("a",), str, why=None), "why: "),
    (lambda: Count(5, most=5, why=""), "read: "),
    (lambda: Count(int, most=0, why=""), "most: "),
    (lambda: Count(int, most=2**53, why=""), "most: "),
    (lambda: Count(int, most=True, why=""), "most: "),
    (lambda: Count(int, most=1.5, why=""), "most: "),
    (lambda: Count(int, most=5, why=b""), "why: "),
    (lambda: Version(5), "module: "),
    (lambda: Version("acme kernel"), "module: "),
    (lambda: Version("acme."), "module: "),
    (lambda: Version(""), "module: "),
    (lambda: Version("a", None), "attribute: "),
    (lambda: Version("a", "VERSION.major"), "attribute: "),
    (lambda: Version("a", why=5), "why: "),
]


@pytest.mark.parametrize(("make", "said"), WRONG)
def test_a_wrong_argument_is_refused_and_named(make, said):
    with pytest.raises(ValueError, match=said):
        make()
