"""What holds of ClickHouse's store alone: resends, who is forgotten, what is made and looked at."""

from __future__ import annotations

import re

import pytest
from engine import PASSWORD
from msgspec.structs import replace
from usage import DAY, MONDAY, counts_in, counts_of, fresh, row

from jina_tel.collector.store import open_store
from jina_tel.collector.store.checking import checked
from jina_tel.collector.store.clickhouse import care, rollups
from jina_tel.collector.store.clickhouse.creation import create_tables
from jina_tel.collector.store.clickhouse.expiry import DROPPED_AT_ONCE, drops
from jina_tel.collector.store.clickhouse.tables import TABLES, TALLIES, Place
from jina_tel.collector.store.clickhouse.views import create_views
from jina_tel.collector.store.columns import week_of

RAW = "SELECT count() FROM events_local"
DISTINCT = "SELECT count(*) FROM events"


@pytest.fixture
def store():
    opened = fresh()
    yield opened
    opened.close()


def number(store, text: str) -> int:
    return store.rows(text, {})[0][0]


def stop_merging(store) -> None:
    """Have the engine leave rows of one key where they are, however long it takes to look."""
    store.engine.run("SYSTEM STOP MERGES events_local")


def test_a_segment_that_is_loaded_again_inserts_nothing(store):
    stop_merging(store)
    for _ in range(3):
        store.load([row("a"), row("b", uid=2)], [], "segment-1")

    assert 2 == number(store, RAW)


def test_what_another_collector_sends_again_stands_twice_and_counts_once(store):
    stop_merging(store)
    store.load([row("a"), row("b", uid=2)], [], "segment-1")
    store.load([row("a"), row("b", uid=2)], [], "segment-2")

    assert (4, 2) == (number(store, RAW), number(store, DISTINCT))
    assert counts_of([row("a"), row("b", uid=2)]) == counts_in(store)


def test_a_segment_of_which_a_part_is_there_is_there_whole_after_the_next_try(store):
    rows = [row("a"), row("b"), row("c", at=MONDAY + 9 * DAY)]
    store.load(rows[:1], [], "segment-1")
    store.load(rows, [], "segment-1")

    assert 3 == number(store, DISTINCT)


def test_a_uids_rows_sit_together_and_end_in_the_events_id(store):
    [(key,)] = store.rows(
        "SELECT sorting_key FROM system.tables WHERE name = 'events_local'"
        " AND database = currentDatabase()",
        {},
    )

    assert "product, uid, id" == key


def test_who_is_forgotten_is_in_no_answer_at_once_and_off_the_disk_with_what_is_old(store):
    store.load([row("a"), row("b", uid=2)], [])
    store.settle()

    assert 1 == store.forget("jina", 1)
    assert 1 == number(store, DISTINCT)
    assert [(2,)] == store.rows("SELECT uid FROM events", {})

    store.expire(MONDAY - 400 * DAY)

    assert 1 == number(store, RAW)
    assert [(2,)] == store.rows("SELECT uid FROM activity_local", {})


def test_what_comes_of_who_is_forgotten_is_let_go_of_by_every_collector(store):
    store.load([row("a")], [], "of-one-collector")
    store.forget("jina", 1)
    new = store.load([row("late"), row("b", uid=2)], [], "of-another-that-was-behind")

    assert (1, 1) == (new, number(store, DISTINCT))
    assert counts_of([row("b", uid=2)]) == counts_in(store)
    assert 0 == number(store, "SELECT count() FROM events_local WHERE id = 'late'")


def test_who_is_forgotten_was_accepted_and_is_no_resend(store):
    store.load([row("a"), row("b", uid=2)], [])
    store.forget("jina", 1)
    store.settle()

    assert [(1, 0)] == store.rows("SELECT accepted, duplicate FROM intake", {})


def test_counts_take_the_place_of_those_before_however_soon_and_where_nothing_is_left(store):
    rows = [row(f"{uid}", uid=uid, jina=f"3.{uid}.0") for uid in range(8)]
    for number, one in enumerate(rows, 1):
        store.load([one], [])

        assert counts_of(rows[:number]) == counts_in(store)

    for number in range(len(rows)):
        store.forget("jina", number)

        assert counts_of(rows[number + 1 :]) == counts_in(store)


def test_who_was_forgotten_through_one_is_known_to_each(address):
    stores = [open_store(address, PASSWORD) for _ in range(2)]
    stores[0].forget("jina", 7)

    assert [{("jina", 7)}] * 2 == [store.forgotten() for store in stores]

    for store in stores:
        store.close()


def test_what_is_expired_is_off_the_disk(store):
    store.load([row(f"{day}", at=MONDAY + day * DAY) for day in range(20)], [])

    assert 10 == store.expire(MONDAY + 10 * DAY)
    assert [(f"{day}",) for day in range(10, 20)] == store.rows(
        "SELECT id FROM events_local ORDER BY moment", {}
    )
    assert 0 == store.expire(MONDAY + 10 * DAY + 3600), "a day at a time"


def test_many_days_expire_at_once(store):
    store.load([row(f"{day}", at=MONDAY + day * DAY) for day in range(50)], [])

    assert 48 == store.expire(MONDAY + 48 * DAY)
    assert [("48",), ("49",)] == store.rows("SELECT id FROM events_local ORDER BY moment", {})
    assert [(48,), (49,)] == store.rows(
        "SELECT DISTINCT day - $monday AS n FROM uses_local ORDER BY n", {"monday": MONDAY // DAY}
    )


def test_partitions_leave_many_in_one_statement():
    days = [str(day) for day in range(2 * DROPPED_AT_ONCE + 1)]
    made = list(drops(TALLIES, Place("usage", "main"), days))

    assert [DROPPED_AT_ONCE, DROPPED_AT_ONCE, 1] == [one.count("DROP PARTITION") for one in made]
    assert "ALTER TABLE usage.tallies_rows ON CLUSTER main DROP PARTITION 40" == made[-1]
    assert [] == list(drops(TALLIES, Place("usage"), []))


def test_only_the_days_that_have_changed_are_counted_again(store):
    store.load([row("a"), row("b", at=MONDAY + 7 * DAY)], [])

    assert 2 == store.settle()

    store.engine.run(  # as if that had been a while ago
        *(
            f"INSERT INTO {table} ({key}, made) SELECT {key},"
            f" max(made) + toUInt64(60 * 4294967296) FROM {table} GROUP BY {key}"
            for table, key in (("makings_of_days", "day"), ("makings", "week"))
        )
    )

    assert 0 == store.settle()
    assert 0 == store.settle(calm_seconds=3600)


def test_a_day_is_counted_by_itself_and_its_week_is_put_together_from_all_its_days(store):
    rows = [row("a"), row("b", at=MONDAY + DAY), row("c", at=MONDAY + DAY, uid=2)]
    store.load(rows[:2], [])
    store.settle()
    made = f"SELECT day - {MONDAY // DAY}, max(made) FROM uses_local GROUP BY day ORDER BY day"
    before = dict(store.rows(made, {}))
    store.engine.run(  # what is not asked for must not be looked at
        "ALTER TABLE events_local DELETE WHERE id = 'a'", "OPTIMIZE TABLE events_local FINAL"
    )
    store.load(rows[2:], [])
    rollups.count_days(store.engine, store.place, [MONDAY // DAY + 1])
    rollups.count_weeks(store.engine, store.place, [week_of(MONDAY // DAY)])
    after = dict(store.rows(made, {}))

    assert before[0] == after[0] and before[1] < after[1]
    assert [("Flow.start", 3, 2)] == store.rows("SELECT event, starts, installs FROM tallies", {})


def test_rows_of_any_number_of_days_are_loaded_at_once(store):
    rows = [row(f"{day}", at=MONDAY - day * DAY) for day in range(400)]
    store.load(rows, [])

    assert 400 == store.settle()
    assert [(400, 58)] == store.rows("SELECT sum(starts), count(*) FROM tallies", {})


def test_a_week_is_put_together_again_after_whoever_has_counted_a_day_of_it(store):
    store.load([row("a")], [])
    store.settle()
    store.load([row("b", at=MONDAY + DAY, uid=2)], [])
    rollups.count_days(store.engine, store.place, [MONDAY // DAY + 1])  # and then it was killed

    assert counts_of([row("a"), row("b", at=MONDAY + DAY, uid=2)]) == counts_in(store)


def test_a_check_finds_nothing_where_all_is_well_and_counts(store):
    store.load([row("a"), row("b", uid=2)], [])

    assert {"events": 2, "uids": 2, "lost": 0, "weeks": 1, "problems": []} == checked(store)


def test_a_check_finds_counts_that_are_not_those_of_the_events(store):
    store.load([row("a"), row("b", uid=2)], [])
    store.settle()
    store.engine.run(
        "INSERT INTO tallies_rows SELECT product, week, event, version, who, 7, 7,"
        " made + toUInt64(3600 * 4294967296) FROM tallies_rows",
        "ALTER TABLE environments_rows DELETE WHERE 1",
    )

    assert [
        "2 events have an environment that is not there",
        "week 2923: 2 events, and 7 are counted",
    ] == checked(store)["problems"]


def test_a_migration_brings_back_what_is_missing_and_loses_no_row(store):
    store.load([row("a")], [])
    store.settle()
    store.engine.run(
        "DROP TABLE tallies", "DROP TABLE intake_kept", "ALTER TABLE losses_rows DROP COLUMN lost"
    )
    missing = ["there is no intake_kept", "there is no tallies", "losses_rows has no column lost"]

    assert missing == store.problems()
    assert missing == care.migrate(store.engine, store.place)
    assert [] == store.problems()
    assert counts_of([row("a")]) == counts_in(store)


def test_on_a_cluster_uids_are_sharded_and_all_else_is_everywhere():
    made = list(create_tables(Place("usage", "main")))
    engines = {
        re.search(r"usage\.(\w+) ", one)[1]: re.search(r"ENGINE = (\S+)", one)[1] for one in made
    }

    assert {table.stands_as for table in TABLES} | {
        "events_all",
        "uses_all",
        "activity_all",
        "firsts_all",
    } == set(engines)
    assert all(" ON CLUSTER main" in one for one in made)
    assert (
        "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/usage/events_by_day',"
        == (engines["events_local"])
    )
    assert (
        "ReplicatedReplacingMergeTree('/clickhouse/tables/all/usage/tallies_rows',"
        == (engines["tallies_rows"])
    )
    assert "Distributed(main, usage, events_local, intHash64(uid))" in next(
        one for one in made if "usage.events_all" in one
    )


def test_each_server_of_a_cluster_may_be_told_by_itself():
    place = Place("usage", "main", by_itself=True)

    assert not [one for one in (*create_tables(place), *create_views(place)) if "ON CLUSTER" in one]


def test_the_first_that_came_of_a_resent_event_tells_when_it_came(address):
    from jina_tel.collector.store.clickhouse.store import ClickHouseStore

    opened = open_store(address, PASSWORD)
    for late in (600, 5, 90_000):
        clocked = ClickHouseStore(opened.engine, opened.place, lambda late=late: MONDAY + late)
        clocked.load([replace(row("a"), at=MONDAY)], [])
    opened.settle()

    assert [(MONDAY // DAY, 1, 1, 1), (MONDAY // DAY + 1, 0, 1, 0)] == opened.rows(
        "SELECT day, accepted, duplicate, in_minute FROM intake ORDER BY day", {}
    )

    opened.close()
