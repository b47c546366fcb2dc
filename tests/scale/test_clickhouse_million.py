"""A seeded million events: every question is answered with the same rows by both engines."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from demo_data import World
from usage import DAY, MONDAY, Fresh

from jina_tel.collector.page.filters import filters_of
from jina_tel.collector.page.report import asked_of, report_of
from jina_tel.collector.store import Loss, queries
from jina_tel.collector.store.archive import ALWAYS
from jina_tel.collector.store.duck import DuckStore

EVENTS, INSTALLS, SEED = 1_000_000, 24_000, 7
BATCH = 50_000
NOW = MONDAY + 330 * DAY
VIEWS = (
    {},
    {"ci": "in"},
    {"weeks": "52", "ci": "in"},
    {"version": "3.24.0"},
    {"until": "2026-06-30", "weeks": "4"},
    {"product": "acme"},
)
EXPORTED = ("DAYS", "EXPORT")
ONE_UID = "SELECT min(uid) FROM events WHERE event = 'Deployment.start' AND kept"


def fill(store) -> None:
    """Load a year of invented usage, of which some comes twice and late, and some is lost."""
    random, again, events = Random(SEED), [], 0
    rows = World(EVENTS * 1.02, INSTALLS, NOW // DAY, SEED).rows()
    while batch := list(islice(rows, min(BATCH, EVENTS - events))):
        events += len(batch)
        losses = [Loss(f"l{events}", batch[-1].at, "jina", {"too_old": len(again), "full": 2})]
        store.load([*batch, *again], losses, f"segment-{events}")
        again = random.sample(batch, len(batch) // 100)
    store.load(again, losses, "the last ones again")
    store.settle()


@pytest.fixture(scope="module")
def stores(tmp_path_factory, fresh_is_clickhouse):
    """Return the same million in both; the clock stands, so that the ages are the same, too."""
    ours = DuckStore(str(tmp_path_factory.mktemp("duck") / "usage.duckdb"), lambda: NOW)
    theirs = Fresh.make(lambda: NOW)
    for store in (ours, theirs):
        fill(store)
    yield ours, theirs
    for store in (ours, theirs):
        store.close()


def rows_of(store, name: str, given: dict) -> list[tuple]:
    """Return the rows; ``True`` is 1 to both, and of nothing the sum is nothing or 0."""
    found = [
        tuple(cell or 0 if cell is None else cell for cell in row)
        for row in store.rows(getattr(queries, name), given)
    ]
    return sorted(found) if name == "PULSE" else found


@pytest.mark.parametrize("view", range(len(VIEWS)))
@pytest.mark.parametrize(
    "name", sorted(name for name in vars(queries) if name.isupper() and name not in EXPORTED)
)
def test_every_question_has_the_same_rows(stores, name, view):
    given = filters_of({"product": "jina", **VIEWS[view]}, NOW).parameters()
    ours, theirs = (rows_of(store, name, given) for store in stores)

    assert ours == theirs
    assert ours or view or name == "RETENTION"


def test_every_event_comes_out_as_it_does_from_a_file(stores):
    pages = [store.rows(queries.DAYS, ALWAYS) for store in stores]

    assert pages[0] == pages[1]
    assert (
        EVENTS == sum(store.rows("SELECT count(*) FROM events", {})[0][0] for store in stores) / 2
    )

    for (day,) in pages[0][::40]:
        given = {**ALWAYS, "day": day, "from_moment": -1, "from_id": ""}
        ours, theirs = (store.rows(queries.EXPORT, given) for store in stores)

        assert ours
        assert ours == theirs


@pytest.mark.parametrize("view", range(len(VIEWS)))
def test_the_whole_report_is_the_same(stores, view):
    asked = (asked_of(store, VIEWS[view], NOW, expected=("acme",)) for store in stores)
    ours, theirs = map(report_of, asked)

    assert ours == theirs


def test_what_is_forgotten_leaves_the_same(stores):
    [(uid,)] = stores[0].rows(ONE_UID, {})
    gone = [store.forget("jina", uid) for store in stores]
    stores[1].settle()
    names = ("WEEKLY", "ADOPTION", "EVENTS", "OUTCOMES", "RETENTION", "ENVIRONMENTS")
    given = filters_of({"product": "jina", "weeks": "52", "ci": "in"}, NOW).parameters()

    assert gone[0] == gone[1] > 0

    for name in names:
        ours, theirs = (rows_of(store, name, given) for store in stores)

        assert ours == theirs
