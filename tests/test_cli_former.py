"""``former.json``: what is still to be asked, kept as it was."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import files_below

from jina_tel.cli import former
from jina_tel.cli.former import Demand
from jina_tel.errors import TelemetryError
from jina_tel.folders import journal_folder

ENDPOINT = "https://telemetry.acme.example/v1/events"
JOURNAL = journal_folder("", ENDPOINT)

endpoints = st.text("abc/.", min_size=1).map("https://{}".format)
demands = st.builds(
    lambda secret, endpoint, is_known: Demand(
        secret, journal_folder("", endpoint), endpoint if is_known else None
    ),
    st.binary(min_size=32, max_size=32),
    endpoints,
    st.booleans(),
)


@given(st.lists(demands))
def test_what_is_kept_is_what_is_loaded(tmp_path_factory, wanted):
    folder = str(tmp_path_factory.getbasetemp())
    former.store(folder, wanted)

    assert wanted == former.load(folder)
    assert bool(wanted) == os.path.lexists(os.path.join(folder, former.FILE))


def test_where_nothing_is_open_nothing_is_made(tmp_path):
    former.store(str(tmp_path), [])

    assert set() == files_below(tmp_path)
    assert [] == former.load(str(tmp_path)) == former.load(None)


def test_an_endpoint_that_is_not_the_journals_is_none(tmp_path):
    """The proof goes where the events went, and to nobody whom a hand has put there."""
    former.store(str(tmp_path), [Demand(b"s" * 32, JOURNAL, "https://evil.example")])

    assert [None] == [one.endpoint for one in former.load(str(tmp_path))]


GOOD = {"secret": "00" * 32, "journal": JOURNAL, "endpoint": ENDPOINT}
TORN = [
    b"",
    b"[]",
    b"\xff",
    b'{"v": 1}',
    b'{"v": 2, "open": []}',
    *(
        json.dumps({"v": 1, "open": [{**GOOD, **change}]}).encode()
        for change in ({"secret": "00"}, {"secret": "x"}, {"secret": 5}, {"journal": None})
    ),
]


@pytest.mark.parametrize("content", TORN, ids=lambda one: str(one)[:60])
def test_what_is_torn_is_told(tmp_path, content):
    (tmp_path / former.FILE).write_bytes(content)

    with pytest.raises(TelemetryError, match=r"former\.json cannot be understood"):
        former.load(str(tmp_path))
