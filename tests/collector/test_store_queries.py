"""The text of the questions and of the tables: the subset that other engines run as it stands."""

from __future__ import annotations

import re

import pytest
from usage import MONDAY, fresh, row

from jina_tel.collector.page.filters import filters_of
from jina_tel.collector.store import queries
from jina_tel.collector.store.text import named, statements, text

TEXTS = {name: given for name, given in vars(queries).items() if name.isupper()}
FOREIGN = r"\b(WITH|OVER|FILTER|QUALIFY|ILIKE|date_\w+|to\w+|epoch\w*|strftime|now|today)\b|::"
TYPES = {"TEXT", "BIGINT", "INTEGER", "BOOLEAN"}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_question_stays_in_the_common_subset(name):
    assert [] == re.findall(FOREIGN, TEXTS[name], re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_sum_has_the_name_of_a_column(name):
    columns = set(re.findall(r"\w+", text("tables.sql")))

    assert set() == columns & set(re.findall(r"\) AS (\w+),? ", TEXTS[name]))


def test_the_tables_have_plain_types_alone():
    made = statements(text("tables.sql"))
    found = {kind for one in made for kind in re.findall(r"\w+ ([A-Z]+)[,)\n]", one)}

    assert TYPES == found
    assert all(one.startswith("CREATE TABLE IF NOT EXISTS ") for one in made)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_question_is_answered_by_a_store_with_events_and_without(name):
    asked = filters_of({"product": "jina"}, MONDAY)
    bounds = {"since": 0, "until": 1 << 40, "day": MONDAY // 86_400}
    given = {**asked.parameters(), "from_moment": -1, "from_id": ""}
    store = fresh()
    for rows in ([], [row("a")]):
        store.load(rows, [])
        store.settle()
        found = store.rows(TEXTS[name], {**given, **(bounds if name in ("DAYS", "EXPORT") else {})})

        assert (bool(rows) or "sum(" in TEXTS[name]) >= bool(found)


def test_a_parameter_is_never_text_of_a_question():
    store = fresh()
    store.load([row("a")], [])
    store.settle()
    hostile = "x'; DROP TABLE events; --"

    assert [] == store.rows(queries.VERSIONS, {"product": hostile})
    assert {"product": hostile} == named("SELECT $product", {"product": hostile, "other": 1})
    assert [(1,)] == store.rows("SELECT count(*) FROM events", {})
