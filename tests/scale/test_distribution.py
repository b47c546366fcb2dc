"""The store over two shards of two replicas: its questions, its counts, and a server that vanishes.

The servers are of 2018 (``cluster`` says whose, ``plain`` what they lack). No test shows a cluster
of today.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from cluster import Cluster
from demo_data import World
from loading import TODAY, Stores, segment, writers
from machine import wait_until
from usage import DAY, MONDAY, counts_in, row

from jina_tel.collector.page.filters import filters_of
from jina_tel.collector.store import REJECTED, Loss, queries
from jina_tel.collector.store.columns import DAY_SECONDS
from jina_tel.collector.store.duck import DuckStore

pytestmark = pytest.mark.timeout(400)

WEEKS = 12
INVENTED, BATCH = 400_000, 10_000  # of a year, of which the last weeks are a hundred thousand
STEP = 40  # segments before it vanishes, while it is away, and once it is back
SEED = 6
TEXTS = {name: given for name, given in vars(queries).items() if name.isupper()}
VIEWS = (
    {"product": "jina"},
    {"product": "jina", "weeks": "4", "ci": "in"},
    {"product": "jina", "version": "3.34.0"},
)
REPEATED = "SELECT sum(value) FROM system.events WHERE event = 'DuplicatedInsertedBlocks'"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def seeded(cluster, tmp_path_factory) -> Iterator[tuple[DuckStore, Stores]]:
    """Return the same hundred thousand events in DuckDB and in the cluster, counted."""
    stores = Stores(cluster, "seeded")
    path = tmp_path_factory.mktemp("duck") / "usage.duckdb"
    with closing(DuckStore(str(path), clock=lambda: stores.now)) as duck:
        for number, (rows, losses) in enumerate(batches()):
            stores.now = max(row.at for row in rows) + 100.0
            duck.load(rows, losses)
            stores.each[number % 4].load(rows, losses, f"segment {number}")
        stores.settle()
        yield duck, stores


def batches():
    """Yield rows and losses as they come; a few are sent again."""
    year = World(INVENTED, INVENTED // 42, TODAY, SEED).rows()
    rows = [row for row in year if row.at // DAY_SECONDS > TODAY - WEEKS * 7]
    assert len(rows) > 90_000
    chance, again = Random(SEED), []
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        lost = {REJECTED: chance.randint(1, 9), "too_many": chance.randint(1, 9)}
        yield [*batch, *again], [Loss(f"loss {first}", batch[-1].at, "jina", lost)]
        again = chance.sample(batch, len(batch) // 200)


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_question_is_answered_by_each_server_as_duckdb_does(seeded, name, view):
    duck, stores = seeded
    asked = filters_of({"until": "2026-01-05", **view}, stores.now).parameters()
    bounds = {"since": 0, "until": 1 << 40} if name in ("DAYS", "EXPORT") else {}
    day = {"day": TODAY - 4, "from_moment": -1, "from_id": ""}
    expected = duck.rows(TEXTS[name], {**asked, **bounds, **day})
    for store in stores.each:
        found = store.rows(TEXTS[name], {**asked, **bounds, **day})

        assert expected
        assert in_order(name, expected) == in_order(name, found)


def in_order(name: str, rows: list[tuple]) -> list[tuple]:
    """Return the rows of an answer, a pulse's sorted: they come in any order."""
    return sorted(rows) if name == "PULSE" else rows


def test_a_shard_has_its_own_uids_and_a_replica_all_of_its_shard(seeded):
    duck, stores = seeded
    [(events, uids)] = duck.rows("SELECT count(*), count(DISTINCT uid) FROM events", {})
    of_server = {
        (server.shard, server.replica): (
            stores.number(server, "uniqExact(id)"),
            stores.number(server, "uniqExact(uid)"),
        )
        for server in stores.cluster.servers
    }

    assert of_server[1, 1] == of_server[1, 2] and of_server[2, 1] == of_server[2, 2]
    assert (events, uids) == tuple(map(sum, zip(of_server[1, 1], of_server[2, 1], strict=True)))
    assert all(0.4 * uids < of_server[shard, 1][1] < 0.6 * uids for shard in (1, 2))


def test_an_insert_that_is_repeated_through_another_server_changes_nothing(cluster):
    stores = Stores(cluster, "repeated")
    rows = segment(0)
    for server in cluster.servers:
        server.ask("SYSTEM STOP MERGES")  # of two rows of one id, none goes away by itself
    before = sum(int(server.ask(REPEATED)) for server in cluster.servers)
    for store in stores.each:
        store.load(rows, [], "segment 0")
    stores.sync()
    for server in cluster.servers:
        server.ask("SYSTEM START MERGES")
    found = [stores.number(server, "count()") for server in cluster.servers]

    assert len(rows) == found[0] + found[2] and found[0] == found[1] and found[2] == found[3]
    # Three times, on each shard.
    assert 6 <= sum(int(server.ask(REPEATED)) for server in cluster.servers) - before


def test_what_was_forgotten_or_is_too_old_is_on_no_server_and_in_no_count(cluster):
    stores, duck = Stores(cluster, "leaving"), DuckStore(":memory:", clock=lambda: stores.now)
    chance = Random(SEED)
    uids = [chance.getrandbits(53) for _ in range(60)]
    rows = [
        row(f"{uid}-{week}", at=MONDAY + 7 * DAY * week + chance.randrange(6) * DAY, uid=uid)
        for week in range(3)
        for uid in chance.sample(uids, 40)
    ]
    before = MONDAY + 10 * DAY
    for store, forgetting, expiring in ((duck, duck, duck), stores.each[:3]):
        store.load(rows, [])
        stores.sync()
        forgotten = forgetting.forget("jina", rows[0].uid)
        stores.sync()
        expired = expiring.expire(before)

        assert 0 < forgotten < expired < len(rows)
    stores.settle()
    for store in stores.each:
        assert counts_in(duck) == counts_in(store)
        assert ids_in(duck) == ids_in(store)
        assert [] == store.problems()


AWAY = "events_local: 1 of 2 replicas do not answer"


def test_a_replica_that_is_killed_under_load_loses_nothing_and_counts_nothing_twice(cluster):
    stores = Stores(cluster, "killed")
    victim, survivor = cluster.servers[1], stores.each[0]
    with writers(stores) as load:
        load.wait_for(STEP)
        victim.kill()
        load.wait_for(STEP)
        away = [store.rows("SELECT count(*) FROM events", {}) for store in stores.each[2:]]
        wait_until(lambda: AWAY in survivor.problems(), 90)
        victim.start()
        victim.wait()
        load.wait_for(STEP)
    stores.settle()
    wanted = {row.id for number in load.acknowledged for row in segment(number)}
    copies = [stores.number(server, "uniqExact(id)") for server in cluster.servers]

    assert all(count > 0 for [(count,)] in away)
    assert wait_until(lambda: not survivor.problems())
    assert load.refused > 0 and load.repeated > 0
    assert len(load.acknowledged) >= 3 * STEP and load.acknowledged == load.sent
    assert copies[0] == copies[1] and copies[2] == copies[3]
    for store in stores.each:
        assert wanted == ids_in(store)
        assert [(len(wanted),)] == store.rows("SELECT count(*) FROM events", {})
        assert [(len(wanted),)] == store.rows("SELECT sum(starts) FROM tallies", {})


def ids_in(store) -> set[str]:
    return {id for (id,) in store.rows("SELECT id FROM events", {})}
