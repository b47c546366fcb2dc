"""What ``instrumented`` may be told, and what is refused at the class's definition."""

from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel.options import METHODS, Options, is_word

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)

WRONG = [
    (((5,),), {}, "methods: "),
    ((5,), {}, "methods: "),
    ((None,), {}, "methods: "),
    (("start",), {}, "methods: "),
    ((("a b",),), {}, "methods: "),
    ((("",),), {}, "methods: "),
    ((), {"verb": ""}, "verb: "),
    ((), {"verb": "to start"}, "verb: "),
    ((), {"verb": "a" * 65}, "verb: "),
    ((), {"verb": "größe"}, "verb: "),
    ((), {"verb": None}, "verb: "),
    ((), {"when": "later"}, "when: "),
    ((), {"when": None}, "when: "),
    ((), {"failures": 1}, "failures: "),
    ((), {"failures": "yes"}, "failures: "),
    ((), {"name": "Acme Engine"}, "name: "),
    ((), {"name": 5}, "name: "),
    ((), {"name": ""}, "name: "),
]


@pytest.mark.parametrize(("arguments", "given_", "said"), WRONG)
def test_a_wrong_option_is_refused_and_named(arguments, given_, said):
    with pytest.raises(ValueError, match=said):
        Options(*arguments, **given_)


def test_what_is_not_said_is_a_start_recorded_after_its_success():
    options = Options()

    assert ((), "start", "return", False, None) == (
        options.methods,
        options.verb,
        options.when,
        options.failures,
        options.name,
    )


def test_what_is_said_is_kept():
    options = Options(["run"], verb="ran", when="call", failures=True, name=repr)

    assert (("run",), "ran", "call", True, repr) == (
        options.methods,
        options.verb,
        options.when,
        options.failures,
        options.name,
    )


def test_three_methods_start():
    assert ("start", "__enter__", "__aenter__") == METHODS


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_]{0,70}"), st.none(), st.integers()))
def test_a_word_is_an_ascii_identifier(text):
    assert (isinstance(text, str) and IDENTIFIER.fullmatch(text) is not None) == is_word(text)


@pytest.mark.parametrize("word", keyword.kwlist)
def test_a_keyword_is_a_word_too(word):
    assert is_word(word)
