"""What leaves: the document's keys and types, and only what is declared."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel import identity, jina
from jina_tel.facts import UNSET, Choice, Count, Version
from jina_tel.payload import KINDS, REASONS, as_wire, fields_of, inside, is_kept, process_facts
from jina_tel.settings import COMMON, Settings

EXAMPLES = json.loads((Path(__file__).parent / "data" / "example-payloads.json").read_text())
JINA = jina.JINA.settings
FIELDS = fields_of(JINA)
ACME = Settings(
    "acme",
    ("numpy",),
    facts={
        "mode": Choice(("fast", "slow"), lambda: "fast", why="which to make faster"),
        "workers": Count(lambda: 100, most=64, why="how many to test with"),
        "schema": Version("acme_schema", why="which to keep reading"),
        "broken": Choice(("a",), lambda: 1 / 0, why="what a fact that raises does"),
    },
)


def line(**changes):
    """Return a line of the journal as it was recorded here, decoded."""
    payload = {**process_facts(JINA, {}), "event": "Flow.start", **changes.pop("payload", {})}
    whole = {"id": "5b2c-1f", "time": "2026-01-31T12:00:00.123456Z", "product": "jina", "v": 1}
    return {**whole, "payload": payload, **changes}


def wire(given, **options):
    return as_wire(given, FIELDS, "jina", 5, **{"kept": True, **options})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["event"])
def test_the_keys_and_their_types_are_the_document_s(example):
    sent = wire(line(payload={"event": example["event"]}))["payload"]

    assert list(example) == list(sent)
    assert {k: type(v) for k, v in example.items()} == {k: type(v) for k, v in sent.items()}
    assert example["event"] == sent["event"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["event"])
def test_the_document_s_values_are_such_as_may_leave(example):
    assert {} == {f.name: example[f.name] for f in FIELDS if not f.accepts(example[f.name])}


def test_the_document_s_own_line_leaves_as_it_is():
    facts = {k: v for k, v in EXAMPLES[0].items() if k not in ("uid", "session-id")}
    sent = as_wire(line(payload=facts), FIELDS, "jina", EXAMPLES[0]["uid"], kept=True)
    session = identity.session_id("5b2c-1f")

    assert {**EXAMPLES[0], "session-id": session} == sent["payload"]


def test_the_fields_are_in_order_and_each_has_a_reason():
    names = [field.name for field in FIELDS]

    assert sorted(names) == names
    assert set(COMMON) <= set(names)
    assert all(field.kind in KINDS and field.why for field in FIELDS)


def test_another_product_has_its_own_fields():
    assert sorted([*COMMON, "broken", "mode", "numpy", "schema", "workers"]) == [
        field.name for field in fields_of(ACME)
    ]


def test_the_facts_of_a_process_are_all_fields_but_those_of_an_event(monkeypatch):
    module = types.ModuleType("acme_schema")
    module.__version__ = "1.5"
    monkeypatch.setitem(sys.modules, "acme_schema", module)
    facts = process_facts(ACME, {"GITHUB_ACTIONS": "true"})

    assert [f.name for f in fields_of(ACME) if f.name not in ("event", "uid", "session-id")] == [
        *facts
    ]
    assert ["(unset)", "GitHub Actions", "fast", "1.5", 64] == [
        facts[name] for name in ("broken", "ci-vendor", "mode", "schema", "workers")
    ]
    assert identity.uptime(identity.tree().began) == facts["uptime"]


def test_proto_backend_is_asked_of_the_loaded_runtime(monkeypatch):
    name = "google.protobuf.internal.api_implementation"

    assert UNSET == process_facts(JINA, {})["proto-backend"]

    runtime = types.ModuleType(name)
    runtime.Type = lambda: "upb"
    monkeypatch.setitem(sys.modules, name, runtime)

    assert "upb" == process_facts(JINA, {})["proto-backend"]

    runtime.Type = lambda: "john's own"

    assert UNSET == process_facts(JINA, {})["proto-backend"]


def test_a_uid_is_not_kept_in_ci():
    assert is_kept({})
    assert not is_kept({"CI": "true"})
    assert is_kept({"CI": "false", "GITHUB_ACTIONS": "true"})


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))
KEYS = st.from_regex(r"[a-z][a-z-]{0,8}[a-z]", fullmatch=True)


@given(st.dictionaries(KEYS, PRINTABLE | st.integers(0)))
def test_facts_are_written_as_json_reads_them(facts):
    assert facts == json.loads(f"{{{inside(facts)}}}")


KEPT = [
    (line(), True, None),
    (line(kept=False), True, False),
    (line(), False, False),
    (line(kept=True), True, None),
    (line(kept="no"), True, False),
]


@pytest.mark.parametrize(("given_", "kept", "expected"), KEPT)
def test_a_uid_that_cannot_be_kept_is_marked(given_, kept, expected):
    assert expected == wire(given_, kept=kept).get("kept")


def test_what_leaves_beside_the_payload():
    sent = wire(line(more="of john", host="john-laptop"))

    assert ["id", "time", "product", "v", "payload"] == list(sent)


def test_uid_and_session_are_ours_whatever_the_line_says():
    sent = wire(line(payload={"uid": 94731629138370, "session-id": "john"}))["payload"]

    assert [5, identity.session_id("5b2c-1f")] == [sent["uid"], sent["session-id"]]


def test_a_field_that_the_line_lacks_is_unset():
    given = line()
    given["payload"] = {"event": "Flow.start"}
    sent = wire(given)["payload"]

    assert {UNSET} == {v for k, v in sent.items() if k not in ("event", "uid", "session-id")}


def test_a_field_that_is_held_back_is_unset():
    sent = wire(line(), held_back={"python", "grpcio"})["payload"]

    assert [UNSET, UNSET, "Flow.start"] == [sent["python"], sent["grpcio"], sent["event"]]


REFUSED = [
    None,
    5,
    [],
    "text",
    {},
    line(id=""),
    line(id="x" * 65),
    line(id="of john"),
    line(id=5),
    line(time="yesterday"),
    line(time="2026-01-31 12:00:00"),
    line(time=None),
    line(product="acme"),
    line(v=2),
    line(v="1"),
    line(payload={"event": "Flow"}),
    line(payload={"event": "a.b.c"}),
    line(payload={"event": "My Flow.start"}),
    line(payload={"event": ""}),
    line(payload={"event": None}),
    line(payload={"python": "of john"}),
    line(payload={"python": 3}),
    line(payload={"jina": "3.7.13+john"}),
    line(payload={"platform": "x" * 201}),
    line(payload={"platform": "größe"}),
    line(payload={"platform-version": "a\nb"}),
    line(payload={"architecture": ["x86_64"]}),
    line(payload={"proto-backend": "john"}),
    line(payload={"uptime": "since john came"}),
    line(payload={"uptime": "2026-01-31T12:00:00.123456Z"}),
    line(lost={"john": 1}),
    line(lost={"too_old": 0}),
    line(lost={"too_old": True}),
    line(lost={"too_old": 1.5}),
    line(lost={"too_old": 2**53}),
    line(lost=["too_old"]),
    line(lost=None),
    {**line(), "payload": None},
    {**line(), "payload": []},
]


@pytest.mark.parametrize("given_", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_of_our_form_does_not_leave(given_):
    assert wire(given_) is None


def test_a_ledger_leaves_without_a_payload():
    lost = dict.fromkeys(REASONS, 3)
    sent = wire(line(lost=lost, more="of john"))

    assert {
        "id": "5b2c-1f",
        "time": line()["time"],
        "product": "jina",
        "v": 1,
        "lost": lost,
    } == sent
