"""Names, moments, ids, and the line that stands in the journal."""

from __future__ import annotations

import datetime
import json
import re
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel.event import Writer, name_of, rfc3339, top_level

UTC = datetime.timezone.utc
MOMENTS = st.floats(0, 253402300799, allow_nan=False)  # to the end of the year 9999


def a_class(name, module, *bases):
    return type(name, bases, {"__module__": module})


def held(name, module, *bases):
    """Return a class that its module holds, as one that stands in the source."""
    kind = a_class(name, module, *bases)
    vars(sys.modules.setdefault(module, types.ModuleType(module)))[name] = kind
    return kind


FLOW = held("Flow", "vats.orchestrate.flow.base")
DEEP = held("Deep", "vats", a_class("Between", "acme", FLOW))

NAMED = [
    (FLOW, "Flow"),
    (a_class("AcmeFraudFlow", "acme.secret", FLOW), "Flow"),
    (a_class("AcmeFraudFlow", "__main__", FLOW), "Flow"),
    (held("AcmeFraudFlow", "vatsx", FLOW), "Flow"),
    (held("AcmeFraudFlow", "vats_acme.flow", FLOW), "Flow"),
    (DEEP, "Deep"),
    (held("Sub", "vats.sub", FLOW), "Sub"),
    (held("größe", "vats.sub", FLOW), "Flow"),
    (held("Flow[int]", "vats.sub", FLOW), "Flow"),
    (held("F" * 65, "vats.sub", FLOW), "Flow"),
    (a_class("AcmeFraudFlow", "vats.sub", FLOW), "Flow"),
    (a_class("AcmeFraudFlow", "vats.nowhere", FLOW), "Flow"),
    (a_class("Alone", "acme"), None),
    (object, None),
]


@pytest.mark.parametrize(("kind", "expected"), NAMED, ids=lambda value: repr(value)[:40])
def test_an_event_bears_the_name_of_the_product_s_own_class(kind, expected):
    assert expected == name_of(kind, "vats")


WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)


THEIRS = WORDS.filter(lambda word: word not in ("Flow", "Deep", "Sub"))
MODULES = WORDS | st.sampled_from(["vats", "vats.sub", "vats.orchestrate.flow.base", "vats.none"])


@given(st.lists(st.tuples(THEIRS, MODULES), max_size=5))
def test_no_name_of_a_user_s_class_is_ever_returned(line):
    kind = FLOW
    for name, module in line:
        kind = a_class(name, module, kind)

    assert "Flow" == name_of(kind, "vats")


@pytest.mark.parametrize(("module", "expected"), [("a.b.c", "a"), ("a", "a"), (None, ""), (5, "")])
def test_a_top_level_package_is_the_first_part_of_the_module(module, expected):
    assert expected == top_level(a_class("A", module))


def test_what_has_no_module_has_no_top_level_package():
    assert "" == top_level(5)


@given(MOMENTS)
def test_a_moment_is_written_as_rfc_3339_says(at):
    read = datetime.datetime.strptime(rfc3339(at), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)

    assert abs(at - read.timestamp()) < 0.0001


@given(MOMENTS, MOMENTS)
def test_moments_as_text_are_in_order(one, other):
    assert (rfc3339(one) < rfc3339(other)) == (int(one * 1e6) < int(other * 1e6))


def test_a_moment_to_the_microsecond():
    assert "1970-01-01T00:00:00.000000Z" == rfc3339(0.0)
    assert "2026-01-31T12:00:00.500000Z" == rfc3339(1769860800.5)
    assert "2026-01-31T12:00:00.250000Z" == rfc3339(1769860800.25)


def read(line: bytes) -> dict:
    assert (b"\n", b"\n", 2) == (line[:1], line[-1:], line.count(b"\n"))

    return json.loads(line)


def test_a_line_is_complete_in_itself():
    line = read(Writer("jina", '"jina":"3.7.13","n":5', kept=True).event("Flow.start", 0.5))

    assert re.fullmatch(r"[0-9a-f]{24}-0", line.pop("id"))
    assert {
        "time": "1970-01-01T00:00:00.500000Z",
        "product": "jina",
        "v": 1,
        "payload": {"event": "Flow.start", "jina": "3.7.13", "n": 5},
    } == line


def test_a_uid_that_cannot_be_kept_is_marked():
    writer = Writer("jina", "", kept=False)

    assert read(writer.event("Flow.start", 0.0))["kept"] is False
    assert read(writer.ledger({"too_old": 1}, 0.0))["kept"] is False


def test_a_ledger_says_what_was_lost():
    line = read(Writer("jina", '"a":"b"', kept=True).ledger({"too_old": 2, "corrupt": 1}, 0.0))

    assert {"corrupt": 1, "too_old": 2} == line["lost"]
    assert ["id", "time", "product", "v", "lost"] == list(line)


def test_an_id_never_comes_again():
    writers = [Writer("jina", "", kept=True) for _ in range(50)]
    ids = {read(writer.event("a.b", 0.0))["id"] for writer in writers for _ in range(50)}

    assert 2500 == len(ids)


@given(st.sampled_from(["jina", "a-1"]), st.dictionaries(WORDS, st.integers(0), min_size=1))
def test_any_ledger_can_be_read(product, lost):
    line = read(Writer(product, "", kept=True).ledger(lost, 1.5))

    assert (product, lost) == (line["product"], line["lost"])
