"""Whatever stands in a journal, only declared fields leave: over arbitrary JSON."""

from __future__ import annotations

import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from jina_tel import identity, jina
from jina_tel.facts import UNSET, is_version
from jina_tel.payload import REASONS, as_wire, fields_of

FIELDS = fields_of(jina.JINA.settings)
KIND = {field.name: field.kind for field in FIELDS}
VALUES = {
    "architecture": "x86_64",
    "ci-vendor": UNSET,
    "event": "Flow.start",
    "jina": "3.7.13",
    "platform-version": "#1 SMP",
    "proto-backend": "cpp",
    "python": "3.11.7",
    "uptime": "2026-01-31T12:00:00.123456",
}
LINE = {
    "id": "5b2c-1f",
    "time": "2026-01-31T12:00:00.123456Z",
    "product": "jina",
    "v": 1,
    "payload": VALUES,
}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.sampled_from([*KIND, *LINE, "lost", "kept", "host", "user"]) | st.text(max_size=9)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
NEAR = st.builds(  # a line of ours, in which a few things are another's
    lambda line, payload: {**LINE, "payload": {**VALUES, **payload}, **line},
    st.dictionaries(KEYS, JSON, max_size=2),
    st.dictionaries(KEYS, SCALARS | st.sampled_from([*VALUES.values()]), max_size=3),
)

ID = re.compile(r"[0-9a-f-]{1,64}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
FORMS = {
    "count": r"[0-9]+",
    "choice": r"cpp|python|upb",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}",
    "event": r"[A-Za-z_][A-Za-z0-9_]{0,63}\.[A-Za-z_][A-Za-z0-9_]{0,63}",
    "hash": r"[0-9]{1,16}",
    "kernel": r"[ -~]{0,200}",
    "system": r"[0-9A-Za-z_-]{1,32}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "vendor": r"GitHub Actions|GitLab CI|Jenkins",
    "version": r"[0-9][0-9A-Za-z.!_-]{0,31}",
}
UNSETTABLE = set(FORMS) - {"event", "hash", "uuid"}


def check_payload(sent):
    assert list(KIND) == list(sent["payload"])
    for name, value in sent["payload"].items():
        kind = KIND[name]
        assert type(value) is (int if kind in ("hash", "count") else str)
        assert re.fullmatch(FORMS[kind], str(value)) or (kind in UNSETTABLE and value == UNSET)
        assert kind != "version" or is_version(value)
    assert 5 == sent["payload"]["uid"]
    assert identity.session_id(sent["id"]) == sent["payload"]["session-id"]


def check_loss(sent):
    assert set(sent["lost"]) <= REASONS
    assert all(type(number) is int and 0 < number < 2**53 for number in sent["lost"].values())


@given(line=JSON | NEAR)
@example(line=LINE)
@example(line={**LINE, "lost": {"too_old": 5}})
def test_only_what_is_declared_leaves(line):
    sent = as_wire(line, FIELDS, "jina", 5, kept=True)
    if sent is None:
        assert line != LINE
        return

    assert {"kept", "id", "time", "product", "v", "payload", "lost"} >= set(sent)
    assert ID.fullmatch(sent["id"])
    assert TIME.fullmatch(sent["time"])
    assert ("jina", 1, int) == (sent["product"], sent["v"], type(sent["v"]))
    assert sent.get("kept", False) is False
    assert ("lost" in sent) != ("payload" in sent)
    (check_loss if "lost" in sent else check_payload)(sent)
    assert json.dumps(sent).isascii()


@given(
    secret=st.text(max_size=40).map("john's ".__add__),
    where=st.sampled_from([*KIND, *LINE, "host"]),
)
def test_text_has_no_place_to_leave_in(secret, where):
    """Neither as a value nor as a key, beside the payload or in it; the kernel's words excepted."""
    inside = {**LINE, "payload": {**VALUES, where: secret, secret: 1, "x": {secret: secret}}}
    beside = {**LINE, where: secret, secret: secret}
    for line in (inside, beside):
        sent = as_wire(line, FIELDS, "jina", 5, kept=True)

        if sent is not None and KIND.get(where) not in ("kernel", "version"):
            assert json.dumps(secret)[1:-1] not in json.dumps(sent)
