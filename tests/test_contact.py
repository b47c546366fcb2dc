"""When an endpoint may be asked again: rules of a moment and a state."""

from __future__ import annotations

import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import files_below, mode_of

from jina_tel.contact import (
    FILE,
    GONE_SECONDS,
    HOUR,
    MOST_TOOK_SECONDS,
    PATIENCE_SHARE,
    Contact,
    backoff_seconds,
    gone_until,
    load,
    store,
    worth_saying,
)

NOW = 1_770_000_000.0
MOMENTS = st.floats(0, 1e10)
JITTER = st.floats(0, 1)

# failures, whether it answered: the shortest wait and the longest
BACKOFF = [
    (1, False, 0.125, 0.25),
    (2, False, 0.25, 0.5),
    (3, False, 0.5, 1.0),
    (13, False, 512, 1024),
    (15, False, 1800, 3600),
    (16, False, 1800, 3600),
    (10**6, False, 1800, 3600),
    (1, True, 15, 30),
    (2, True, 30, 60),
    (7, True, 960, 1920),
    (8, True, 1800, 3600),
    (10**6, True, 1800, 3600),
]


@pytest.mark.parametrize(("failures", "refusal", "least", "most"), BACKOFF)
def test_the_wait_doubles_up_to_an_hour(failures, refusal, least, most):
    assert [least, most] == [backoff_seconds(failures, j, refusal=refusal) for j in (0.0, 1.0)]


@given(failures=st.integers(1, 10**9), jitter=JITTER, refusal=st.booleans())
def test_no_wait_is_above_an_hour_and_none_is_nothing(failures, jitter, refusal):
    wait = backoff_seconds(failures, jitter, refusal=refusal)

    assert 0.125 <= wait <= HOUR
    assert wait <= backoff_seconds(failures + 1, jitter, refusal=refusal) <= 2 * wait
    assert 2 * wait >= backoff_seconds(failures, 1.0, refusal=refusal)


@given(at=MOMENTS, attempts=st.lists(st.tuples(st.booleans(), JITTER), min_size=1, max_size=40))
def test_any_row_of_failures_is_over_in_an_hour(at, attempts):
    contact = Contact()
    for refusal, jitter in attempts:
        contact = contact.failed(at, "503", slow=False, jitter=jitter, refusal=refusal)

    assert len(attempts) == contact.failures
    assert not contact.is_due(at)
    assert 0 < contact.seconds_left(at) <= HOUR
    assert contact.is_due(at + HOUR)
    assert 0.0 == contact.seconds_left(at + HOUR)


ASKED = [(0, 0.0), (5, 5.0), (7200.0, 7200.0), (10**9, GONE_SECONDS), (-5, 0.0)]


@pytest.mark.parametrize(("retry_after", "expected"), ASKED)
def test_the_endpoint_s_own_wait_counts(retry_after, expected):
    contact = Contact().failed(NOW, "503", slow=False, jitter=1.0, retry_after=retry_after)

    assert (True, expected) == (contact.asked, contact.due - NOW)
    assert expected == contact.seconds_left(NOW)


def test_a_wait_of_ours_is_not_one_that_was_asked_for():
    asked = Contact().failed(NOW, "503", slow=False, jitter=0.5, retry_after=60)

    assert not asked.failed(NOW + 60, "refused", slow=False, jitter=0.5).asked


@given(at=MOMENTS, back=st.floats(0.1, 1e9), asked=st.none() | st.floats(0, 1e9))
def test_a_clock_that_was_set_back_asks_no_wait(at, back, asked):
    contact = Contact().failed(at, "503", slow=False, jitter=0.5, retry_after=asked)
    earlier = at - back

    assert contact.is_due(earlier)
    assert 0.0 == contact.seconds_left(earlier)


def test_what_was_never_tried_is_due():
    assert Contact().is_due(0.0)
    assert Contact().is_due(NOW)
    assert not Contact().is_gone(NOW)
    assert Contact().may_hold_exit(NOW)


@given(due=st.floats(0, 9e10), at=MOMENTS, later=st.floats(0, 1e10), asked=st.booleans())
def test_no_moment_in_a_file_puts_it_off_for_longer_than_a_rule_of_ours(due, at, later, asked):
    contact = Contact(at, "503", 1, due, asked=asked)
    longest = GONE_SECONDS if asked else HOUR

    assert 0.0 <= contact.seconds_left(at + later) <= longest * 1.000001
    assert contact.is_due(at + longest)


def test_gone_is_asked_again_in_30_days():
    gone = Contact(NOW, "503", 3).went(NOW)

    assert ("410", 4, True) == (gone.said, gone.failures, gone.asked)
    assert [True, True, False] == [gone.is_gone(NOW + days * 86400) for days in (0, 29.9, 30)]
    assert not gone.is_gone(NOW - 1)
    assert not gone.failed(NOW + GONE_SECONDS, "x", slow=False, jitter=0.0).is_gone(NOW)


EXITS = [
    (False, 0.0, NOW, True),
    (True, NOW, NOW, False),
    (True, NOW - HOUR + 1, NOW, False),
    (True, NOW - HOUR, NOW, True),
    (True, NOW + 1, NOW, True),  # the clock was set back
    (True, 0.0, NOW, True),
]


@pytest.mark.parametrize(("slow", "waited", "at", "expected"), EXITS)
def test_while_it_is_slow_one_exit_an_hour_waits(slow, waited, at, expected):
    assert expected == Contact(slow=slow, waited=waited).may_hold_exit(at)


def test_a_slow_failure_is_a_wait_and_a_quick_one_keeps_the_last():
    slow = Contact().failed(NOW, "timed out", slow=True, jitter=0.0)
    quick = slow.failed(NOW + 50, "refused", slow=False, jitter=0.0)

    assert [(True, NOW), (False, NOW)] == [(c.slow, c.waited) for c in (slow, quick)]
    assert not slow.may_hold_exit(NOW + 1)
    assert quick.may_hold_exit(NOW + 51)


def test_an_exit_is_twice_as_patient_behind_each_that_heard_nothing():
    contact, patience = Contact(), []
    for _ in range(6):
        patience.append(contact.patience(0.3))
        contact = contact.left(NOW, jitter=0.0)

    assert [0.3 * PATIENCE_SHARE * 2**n for n in range(6)] == patience
    assert (6, 6, False) == (contact.unheard, contact.failures, contact.slow)
    assert contact.due > NOW
    assert patience[0] == contact.failed(NOW, "x", slow=False, jitter=0.0).patience(0.3)


@pytest.mark.parametrize(
    ("seconds", "took"), [(0.0, 0.0), (0.01, 0.0), (0.0101, 0.02), (0.08, 0.08), (0.081, 0.0)]
)
def test_what_an_answer_took_is_said_in_hundredths_where_an_exit_may_wait_so_long(seconds, took):
    assert took == worth_saying(seconds)
    assert max(0.015, took) <= Contact(took=took).patience(0.3) <= 0.1


def test_an_exit_that_leaves_keeps_what_the_answers_take():
    assert 0.05 == Contact(took=0.05).left(NOW, jitter=0.0).took


HEARD = Contact(NOW, "202")
NEWS = [
    (Contact(NOW - 1, "202"), False),
    (Contact(NOW, "200"), True),
    (Contact(NOW, "202", 1), True),
    (Contact(NOW, "202", slow=True), True),
    (Contact(NOW, "202", took=0.05), True),
    (Contact(NOW, "202", why="one line was none"), True),
]


@pytest.mark.parametrize(("before", "expected"), NEWS, ids=range(6))
def test_an_answer_is_written_down_where_it_says_something_new(before, expected):
    assert expected == before.tells_apart_from(HEARD)


def as_dict(contact):
    return {name: getattr(contact, name) for name in Contact.__slots__}


CONTACTS = st.builds(
    Contact,
    MOMENTS,
    st.text(max_size=9),
    st.integers(0, 10**9),
    MOMENTS,
    asked=st.booleans(),
    slow=st.booleans(),
    gone=st.booleans(),
    waited=MOMENTS,
    why=st.text(max_size=9),
    unheard=st.integers(0, 10**9),
    took=st.floats(0, MOST_TOOK_SECONDS),
)


@given(CONTACTS)
def test_what_is_stored_is_loaded(tmp_path_factory, contact):
    folder = str(tmp_path_factory.getbasetemp())
    store(folder, contact)

    assert as_dict(contact) == as_dict(load(folder))
    assert contact.is_gone(time.time()) == bool(gone_until(folder))


def test_only_its_user_reads_it(tmp_path):
    store(str(tmp_path), Contact())

    assert {FILE} == files_below(tmp_path)
    assert 0o600 == mode_of(tmp_path / FILE)


def test_where_none_is_it_is_fresh(tmp_path):
    assert as_dict(Contact()) == as_dict(load(str(tmp_path)))
    assert not gone_until(str(tmp_path))


def test_where_it_cannot_be_stored_nothing_happens(tmp_path):
    store(str(tmp_path / "none"), Contact())

    assert set() == files_below(tmp_path)


SPOILT = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"5",
    b'"text"',
    b"\xff",
    b"[" * 100_000,
    b'{"due": Infinity}',
    b'{"due": NaN}',
    b'{"due": -1}',
    b'{"due": 1e300}',
    b'{"due": ' + b"9" * 400 + b"}",
    b'{"due": ' + b"9" * 5000 + b"}",
    b'{"due": "soon"}',
    b'{"due": null}',
    b'{"due": true}',
    b'{"failures": 1.5}',
    b'{"failures": -1}',
    b'{"failures": true}',
    b'{"failures": ' + b"9" * 400 + b"}",
    b'{"said": 503}',
    b'{"gone": "true"}',
    b'{"slow": 1}',
]


@pytest.mark.parametrize("content", SPOILT, ids=lambda content: str(content)[:30])
def test_what_cannot_be_understood_is_fresh(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)

    assert as_dict(Contact()) == as_dict(load(str(tmp_path)))


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_fresh(tmp_path, make):
    make(tmp_path / FILE)

    assert as_dict(Contact()) == as_dict(load(str(tmp_path)))
    assert not gone_until(str(tmp_path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(Contact.__slots__), inner),
    max_leaves=9,
)


@given(content=JSON, at=MOMENTS)
def test_whatever_stands_there_an_attempt_can_be_made_and_fail(tmp_path_factory, content, at):
    folder = tmp_path_factory.getbasetemp()
    (folder / FILE).write_text(json.dumps(content))
    contact = load(str(folder))
    after = contact.failed(at, "503", slow=True, jitter=0.5)

    assert 0.0 <= contact.seconds_left(at) <= GONE_SECONDS * 1.000001
    assert 0.0 < after.seconds_left(at) <= HOUR
    assert contact.may_hold_exit(at) in (True, False)
    assert contact.is_gone(at) in (True, False)
