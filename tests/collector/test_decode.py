"""A fuzzer over the decoder: whatever comes, a line is taken if its schema takes it, else named."""

from __future__ import annotations

import copy
import json
import os

import msgspec
import pytest
from collecting import line
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jina_tel import identity, payload, schema
from jina_tel.collector import otlp
from jina_tel.collector.decode import WHY_CHARACTERS, Decoder, moment
from jina_tel.collector.refusals import RefusedError
from jina_tel.collector.rows import Rows
from jina_tel.collector.shapes import WANTED
from jina_tel.facts import Choice, Count
from jina_tel.jina import JINA
from jina_tel.settings import Settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "500"))
KEEP_SECONDS = 400 * 86_400
ACME = Settings(
    "acme",
    ("numpy", "scikit-learn"),
    facts={"mode": Choice(("a", "b-c"), str, why=""), "n": Count(int, most=9, why="")},
)
SCHEMA = schema.json_schema([JINA.settings, ACME])
AT = "2026-11-01T12:00:00.5Z"
NOW = moment(AT) + 60
DECODER = Decoder([SCHEMA], ["gone"], keep_seconds=KEEP_SECONDS)


def lenient(document: dict) -> dict:
    """Return the schema as the collector reads it: an older version may lack a fact."""
    changed = copy.deepcopy(document)
    for definition in changed["$defs"].values():
        if "payload" in definition["properties"]:
            definition["properties"]["payload"]["required"] = list(WANTED)
    return changed


JUDGE = Draft202012Validator(lenient(SCHEMA))

texts = st.text(max_size=80) | st.sampled_from(["", "\n", "1.0\n", "\u202e", "(unset)", "<script>"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def jina_line() -> dict:
    return line("id-1", time=AT)


def acme_line() -> dict:
    facts = {"event": "Engine.start", "uid": 7, "numpy": "2.0", "mode": "b-c", "n": 3}
    return {**jina_line(), "product": "acme", "payload": facts}


def loss_line() -> dict:
    return {**{k: v for k, v in jina_line().items() if k != "payload"}, "lost": {"too_many": 1}}


@st.composite
def lines(draw) -> bytes:
    """A good line, and what may have become of it."""
    good = draw(st.sampled_from((jina_line, acme_line, loss_line)))()
    for _ in range(draw(st.integers(0, 2))):
        spoil(
            draw, draw(st.sampled_from([good, good.get("payload", good), good.get("lost", good)]))
        )
    text = json.dumps(good).encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        return text
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 9))
    return text[:at] + draw(st.binary(max_size=9)) + text[at + length :]


def spoil(draw, content) -> None:
    if not isinstance(content, dict):
        return
    name = draw(st.sampled_from([*content, "more"]) | texts)
    if draw(st.booleans()):
        content.pop(name, None)
    else:
        content[name] = draw(values)


def taken(text: bytes) -> bool:
    """Tell whether the decoder takes a line, and hold that it says why it does not."""
    batch = DECODER.batch([text], NOW)
    is_blank = not text.strip()

    assert len(batch.lines) + len(batch.rejected) + is_blank == 1
    assert [text] == batch.lines or is_blank or [1] == [number for number, _ in batch.rejected]
    assert all(0 < len(why) <= WHY_CHARACTERS for _, why in batch.rejected)

    return bool(batch.lines)


@settings(max_examples=EXAMPLES)
@given(lines())
def test_what_is_taken_is_what_the_schema_takes(text):
    """Held against another validator, and the same at the second look."""
    first, second = taken(text), taken(text)

    assert first == second

    if first:
        assert JUDGE.is_valid(json.loads(text))


@settings(max_examples=EXAMPLES)
@given(lines())
def test_what_the_schema_takes_is_taken_but_for_its_time(text):
    try:
        content = json.loads(text, parse_constant=fail)
    except (ValueError, RecursionError):
        return
    batch = DECODER.batch([text], NOW)
    whys = [why for _, why in batch.rejected]

    if JUDGE.is_valid(content):
        assert [] == [why for why in whys if not why.startswith(("time: ", "JSON is malformed"))]


def fail(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


@settings(max_examples=EXAMPLES)
@given(lines())
def test_what_is_taken_becomes_the_row_that_it_says(text):
    if not taken(text):
        return
    content = json.loads(text)
    rows = Rows([text + b"\n"])

    assert 0 == rows.corrupt
    if "lost" in content:
        assert [(content["id"], content["lost"])] == [(one.id, one.lost) for one in rows.losses]
    else:
        [row] = rows.events
        said = {**row.facts, "uid": row.uid, "event": row.event}
        if "session-id" in content["payload"]:
            said["session-id"] = row.session or identity.session_id(row.id)
        if "uptime" in content["payload"]:
            said["uptime"] = row.uptime

        assert (content["payload"], content["id"]) == (said, row.id)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_it_stumble(noise):
    taken(noise.replace(b"\n", b""))
    for encoding in otlp.ENCODINGS.values():
        try:
            read = otlp.lines_of(encoding, noise, DECODER.fields, 100)
        except RefusedError:
            continue
        DECODER.batch(read, NOW)


@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(texts, values), max_size=5), texts, st.integers())
def test_no_record_of_otlp_makes_it_stumble(attributes, event, nanoseconds):
    record = otlp.Record({"product": "jina", **dict(attributes)}, event, nanoseconds)
    try:
        text = otlp.line_of(record, DECODER.fields)
    except ValueError:
        return
    batch = DECODER.batch([text], NOW)

    assert 1 == len(batch.lines) + len(batch.rejected)


@pytest.mark.parametrize("product", [JINA.settings, ACME], ids=lambda settings: settings.product)
def test_every_event_that_the_client_makes_is_taken(product):
    facts = payload.process_facts(product, os.environ)
    given = {**facts, "event": "Flow.start"}
    journal = {
        "id": "0a-1",
        "time": "2026-11-01T12:00:00.500000Z",
        "product": product.product,
        "v": 1,
        "payload": given,
    }
    for kept in (True, False):
        wire = payload.as_wire(journal, payload.fields_of(product), product.product, 5, kept=kept)

        assert taken(json.dumps(wire).encode())


def test_facts_of_another_version_of_the_product_are_taken_where_its_schema_is_given():
    old = schema.json_schema([Settings("acme", ("numpy", "six"))])
    decoder = Decoder([old, schema.json_schema([ACME])], keep_seconds=KEEP_SECONDS)
    both = acme_line()
    both["payload"]["six"] = "1.0"
    of_old = {**acme_line(), "payload": {"event": "Engine.start", "uid": 1, "six": "1.0"}}

    batch = decoder.batch([msgspec.json.encode(one) for one in (both, of_old)], NOW)

    assert [] == batch.rejected


def test_a_line_of_no_product_is_rejected_also_where_only_one_is_known():
    decoder = Decoder([schema.json_schema([JINA.settings])], keep_seconds=KEEP_SECONDS)
    nobodys = {key: value for key, value in jina_line().items() if key != "product"}
    texts = [json.dumps(one).encode() for one in (nobodys, {**nobodys, "product": ""})]
    batch = decoder.batch(texts, NOW)

    assert ([1, 2], 0) == ([number for number, _ in batch.rejected], batch.stopped)


def test_facts_that_are_known_by_sight_are_forgotten_again(monkeypatch):
    monkeypatch.setattr("jina_tel.collector.decode.SEEN", 3)
    decoder = Decoder([SCHEMA], keep_seconds=KEEP_SECONDS)
    texts = [json.dumps(line(time=AT, jina=f"3.{n}")).encode() for n in range(10)]

    assert [] == decoder.batch(texts, NOW).rejected
    assert len(decoder._seen) <= 3
