"""What a segment's lines become, also those that the disk has changed."""

from __future__ import annotations

import json

import pytest
from collecting import line

from jina_tel.collector.rows import Rows

CHANGED = {
    "a uid too large": {"uid": 1 << 64},
    "a uid below zero": {"uid": -1},
    "a uid that is text": {"uid": "7"},
    "an event that is none": {"event": 7},
    "a fact of facts": {"jina": {"a": 1}},
    "a fact of many": {"python": ["3.11"]},
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_line_that_the_disk_has_changed_is_counted_and_the_others_are_taken(name):
    changed = line("changed")
    changed["payload"].update(CHANGED[name])
    rows = Rows(json.dumps(one).encode() for one in (line("before"), changed, line("after")))

    assert (["before", "after"], 1) == ([row.id for row in rows.events], rows.corrupt)


def test_a_loss_too_large_to_be_kept_is_corrupt():
    lost = {key: value for key, value in line("l").items() if key != "payload"}
    rows = Rows([json.dumps({**lost, "lost": {"too_old": 1 << 64}}).encode()])

    assert ([], 1) == (rows.losses, rows.corrupt)
