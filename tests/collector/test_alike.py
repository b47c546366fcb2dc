"""A line that is known by sight is judged as one that is not, and becomes the same row."""

from __future__ import annotations

import copy
import json

import pytest
from collecting import line
from hypothesis import given, settings
from hypothesis import strategies as st

from jina_tel import schema
from jina_tel.collector.alike import is_told_by_its_rest, rests_of
from jina_tel.collector.decode import Decoder, moment
from jina_tel.collector.rows import Known, Rows
from jina_tel.collector.shapes import products_of
from jina_tel.facts import Choice
from jina_tel.jina import JINA
from jina_tel.settings import Settings

AT = "2026-11-01T12:00:00.5Z"
NOW = moment(AT) + 60
SCHEMA = schema.json_schema([JINA.settings])
OWN = ("id", "time", "session-id", "uid", "uptime")
# Texts as they stand in a line: what may be taken for a value's end, and what is no good value.
SPOILED = (
    *('""', '"a"', '"a\\"b"', '"a\\\\"', '"\\u0061"', '"a,b}"', '"{"', '"é"', '"\\n"'),
    *('"' + "x" * 65 + '"', '"a","id":"b"', '"a","uid":7', '"a","time":"2026-11-01T12:00:00Z"'),
    *("0", "-1", "07", "1.5", "1e3", "9007199254740991", "9007199254740992", "90071992547409910"),
    *("[1]", '{"a":1}', "null", "true", "", " 7", "7 "),
    *('"2026-11-01T12:00:00Z"', '"2026-02-31T12:00:00Z"', '"2025-01-01T00:00:00Z"', '"(unset)"'),
    *('"2027-01-01T00:00:00Z"', '"2026-11-01T12:00:00.1234567890Z"', '"2026-11-01T12:00:00"'),
    *('"5d1ab6f4-8c1e-8f0a-9b1d-6a2f4f0c7e31"', '"5d1ab6f4-8c1e-4f0a-9b1d-6a2f4f0c7e31"'),
)


def compact(content: dict) -> str:
    return json.dumps(content, separators=(",", ":"))


def with_own(**texts: str) -> bytes:
    """Return a good line with other texts in the places of some of its own values."""
    whole = line("id-1", time=AT, uptime="(unset)")
    marks = {name: f"<{name}>" for name in texts}
    for name in texts:
        (whole if name in whole else whole["payload"])[name] = marks[name]
    text = compact(whole)
    for name, mark in marks.items():
        text = text.replace(f'"{mark}"', texts[name])
    return text.encode()


def decoder() -> Decoder:
    return Decoder([SCHEMA], keep_seconds=400 * 86_400)


WARM, COLD = decoder(), decoder()


def judged(one: Decoder, text: bytes) -> tuple:
    batch = one.batch([text], NOW)
    return batch.lines, batch.rejected, batch.taken, batch.refused


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("spoiled", range(len(SPOILED)))
def test_a_value_that_is_no_good_is_found_beside_a_rest_that_is_known(name, spoiled):
    text = with_own(**{name: SPOILED[spoiled]})
    one = decoder()

    assert 1 == len(one.batch([with_own()], NOW).lines)
    assert judged(decoder(), text) == judged(one, text)


@pytest.mark.parametrize("left", ["", '"', '":', '":"'])
@pytest.mark.parametrize("name", OWN)
def test_a_name_without_its_value_is_no_json_beside_a_rest_that_is_known(name, left):
    torn = with_own(**{name: "<cut>"}).replace(b'":<cut>', left.encode())
    one = decoder()

    assert 1 == len(one.batch([with_own()], NOW).lines)
    assert 0 == len(one.batch([torn], NOW).lines)


def test_a_time_that_is_said_twice_is_looked_at_each_time():
    now, old = '"2026-11-01T12:00:00Z"', '"2020-01-01T00:00:00Z"'
    one = decoder()

    assert 1 == len(one.batch([with_own(time=f'{now},"time":{now}')], NOW).lines)
    assert 0 == len(one.batch([with_own(time=f'{now},"time":{old}')], NOW).lines)


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(OWN), st.sampled_from(SPOILED) | st.text(), max_size=3))
def test_what_is_known_by_sight_is_taken_only_where_it_would_be_otherwise(texts):
    text = with_own(**texts).replace(b"\n", b"")
    judged(WARM, with_own())
    COLD._seen.clear()

    assert judged(COLD, text) == judged(WARM, text) == judged(WARM, text)


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(OWN), st.sampled_from(SPOILED), max_size=3))
def test_what_is_known_by_sight_becomes_the_row_that_it_would_be_otherwise(texts):
    text, known = with_own(**texts), Known()
    cold, _, warm = Rows([text]), Rows([with_own()], known), Rows([text], known)

    assert (cold.events, cold.corrupt) == (warm.events, warm.corrupt)


def test_a_line_is_looked_at_once_for_all_that_differ_in_their_own_values_alone():
    one = decoder()
    again = [
        with_own(id='"b 2"', time='"2026-11-01T12:00:01Z"', uid="9006999999999999"),
        with_own(uid="0", uptime='"2026-01-05T09:00:00.123456"', id='"{,}:"'),
    ]

    assert 3 == len(one.batch([with_own(), *again], NOW).lines)
    assert 1 == len(one._seen)

    known = Known()

    assert 3 == len(Rows([with_own(), *again], known).events)
    assert 1 == len(known)


def test_events_with_the_same_facts_have_them_as_one_object():
    first, second = Rows([with_own(), with_own(id='"b"', uid="7")]).events

    assert first.facts is second.facts
    assert (7, "b") == (second.uid, second.id)


def test_a_value_that_may_not_end_where_it_seems_to_stays():
    text = with_own(id='"a\\"b"')

    assert b'"id":"a\\"b"' in rests_of([text])[0]


def changed(name: str, **fragment) -> dict:
    known = copy.deepcopy(products_of([SCHEMA])["jina"])
    place = known if name in known else known["payload"]["properties"]
    place[name] = {**place.get(name, {}), **fragment}
    return known


@pytest.mark.parametrize("name", OWN)
def test_a_schema_that_asks_for_other_values_has_each_line_looked_at(name):
    assert is_told_by_its_rest(products_of([SCHEMA])["jina"])
    assert not is_told_by_its_rest(changed(name, maxLength=3))


def test_a_fact_that_is_called_as_what_stands_beside_it_has_each_line_looked_at():
    clock = Settings("clock", (), facts={"time": Choice(("day", "night"), str, why="")})
    known = products_of([schema.json_schema([clock])])["clock"]

    assert not is_told_by_its_rest(known)


def test_facts_that_are_called_so_are_not_mixed_up_in_rows():
    def with_time(of: str) -> bytes:
        content = line("id-1", time=AT)
        content["payload"]["time"] = of
        return compact(content).encode()

    texts = [with_time("2026-11-01T12:00:00Z"), with_time("2026-11-02T12:00:00Z")]

    assert ["2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z"] == [
        row.facts["time"] for row in Rows(texts).events
    ]
