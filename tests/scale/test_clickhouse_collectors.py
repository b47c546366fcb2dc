"""Several collectors, each a process with a disk of its own, into one engine."""

from __future__ import annotations

import json
import os
import threading

import pytest
from collecting import Collecting, line, starting, uid_of, wait_until
from engine import PASSWORD
from test_kill import LINES, Sender, grown
from usage import counts_in, counts_of

from jina_tel.collector.rows import Rows
from jina_tel.collector.store import open_store

COLLECTORS = 3
KILLS = 4
PERSON = {"ci-vendor": "(unset)"}


@pytest.fixture
def collectors(tmp_path, address):
    """Return a way to start collectors on one store, each with a folder of its own."""

    def made(name: str, *options: str) -> Collecting:
        folder = tmp_path / name
        folder.mkdir()
        return Collecting(folder, "--rate", "0", *options, store=address, cwd=folder)

    with starting() as start:
        yield lambda name, *options: start(made(name, *options))


@pytest.fixture
def store(address):
    opened = open_store(address, PASSWORD)
    yield opened
    opened.close()


def ids_in(store) -> list[str]:
    return [id for (id,) in store.rows("SELECT id FROM events ORDER BY id", {})]


def starts_on(collector) -> int:
    tables = collector.ask("GET", "/report.json?ci=in").json["answers"]
    return sum(row["events"] for row in tables["events"]["rows"])


def test_a_collector_needs_but_the_address_and_keeps_but_its_segments(collectors):
    collector = collectors("a")
    collector.post(line("a"))
    collector.stop()

    assert {"errors.txt", collector.segments.name} == set(os.listdir(collector.folder))
    assert {"lock"} == {*os.listdir(collector.segments)} - {"clock"}


def test_what_one_took_in_stands_on_the_page_of_each(collectors):
    one, other = collectors("a"), collectors("b")
    one.post(line("a", **PERSON), line("b", **PERSON))
    other.post(line("b", **PERSON), line("c", **PERSON))

    wait_until(lambda: (3, 3) == (starts_on(one), starts_on(other)))

    assert one.ask("GET", "/report.json").json == other.ask("GET", "/report.json").json


def test_who_asks_one_collector_is_forgotten_by_all(collectors, store):
    one, other = collectors("a"), collectors("b")
    secret = bytes(range(32))
    mine = {"uid": uid_of(secret), **PERSON}
    one.post(line("a", **mine), line("theirs", **PERSON))
    wait_until(lambda: 2 == len(ids_in(store)))

    assert {"deleted": 1} == {"deleted": other.forget(secret).json["deleted"]}
    assert ["theirs"] == ids_in(store)

    one.post(line("late", **mine), line("theirs-2", **PERSON))

    wait_until(lambda: ["theirs", "theirs-2"] == ids_in(store))
    wait_until(lambda: (2, 2) == (starts_on(one), starts_on(other)))


def test_while_the_engine_is_away_what_comes_is_kept_and_loaded_later(collectors, engine, store):
    collector = collectors("a")
    engine.stop()
    try:
        assert 202 == collector.post(line("a")).status
        problem = wait_until(lambda: collector.ask("GET", "/healthz").json["problem"])
    finally:
        engine.start()

    assert PASSWORD not in problem
    wait_until(lambda: ["a"] == ids_in(store))
    wait_until(lambda: collector.ask("GET", "/healthz").json["problem"] is None)


@pytest.mark.timeout(300)
def test_of_three_of_which_one_is_killed_nothing_acknowledged_is_lost_or_twice(collectors, store):
    three = [collectors(name) for name in "abc"]
    senders = [Sender(collector, number) for number, collector in enumerate(three)]
    for sender in senders:
        sender.start()
    for kill in range(KILLS):
        before = [len(sender.acknowledged) for sender in senders]
        wait_until(lambda before=before: grown(senders, before))
        three[kill % COLLECTORS].kill()
        three[kill % COLLECTORS].start()
    for sender in senders:
        sender.ending.set()
    for sender in senders:
        sender.join()
    again = senders[0].acknowledged[-LINES:]
    three[1].post(*map(line, again))  # as a client whose answer was lost, through another
    for collector in three:
        collector.stop()
    stored = ids_in(store)

    assert sum(sender.resends for sender in senders)
    assert set() == {id for sender in senders for id in sender.acknowledged} - set(stored)
    assert set() == set(stored) - set().union(*(sender.sent for sender in senders))
    assert len(set(stored)) == len(stored)
    assert len(stored) == sum(counts_in(store)["starts"].values())
    assert [{"lock"}] * COLLECTORS == [{*os.listdir(one.segments)} - {"clock"} for one in three]


def test_two_that_load_and_count_at_once_count_what_was_loaded(store, address):
    def load(number: int) -> None:
        mine = open_store(address, PASSWORD)
        for batch in range(10):
            lines = [line(f"{number % 2}-{batch}-{n}", **PERSON, uid=n) for n in range(50)]
            mine.load(Rows(map(encoded, lines)).events, [], f"{number}-{batch}")
            mine.settle()
        mine.close()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    came = [
        line(f"{number}-{batch}-{n}", **PERSON, uid=n)
        for number in range(2)
        for batch in range(10)
        for n in range(50)
    ]
    assert counts_of(Rows(map(encoded, came)).events) == counts_in(store)


def encoded(one: dict) -> bytes:
    return json.dumps(one).encode()
