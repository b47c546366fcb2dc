"""What the store has goes on to Kafka: all that was acknowledged, whatever fails meanwhile."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from http.client import HTTPException

import pytest
from brokers import NOT_LEADER, TIMED_OUT
from collecting import line, uid_of, wait_until
from commands import command

from jina_tel.collector import onward
from jina_tel.collector.kafka import PROMISED, Kafka, address_of

TOPIC = "usage"
KILLS = 6
LINES = 50


@pytest.fixture
def collector(cluster, collectors):
    cluster.create(TOPIC)
    return collectors("--forward", f"kafka://{cluster.brokers}/{TOPIC}")


def ids_of(messages) -> list[str]:
    return [json.loads(message.value())["id"] for message in messages]


def holds(*ids):
    """Return what tells whether each of these has arrived."""
    return lambda messages: set(ids) <= set(ids_of(messages))


def waiting(collector) -> list:
    return sorted((collector.segments / "forward").glob("*.ndjson"))


def test_a_line_is_a_message_and_its_uid_the_key(cluster, collector):
    lines = [line("a1", uid=7), line("a2", uid=7), line("b1", uid=8)]
    ledger = {name: lines[0][name] for name in ("time", "product", "v")}
    lines.append({"id": "c1", **ledger, "lost": {"too_many": 3}})

    assert 202 == collector.post(*lines).status

    messages = cluster.messages(TOPIC, holds("a1", "a2", "b1", "c1"))
    keys = {json.loads(one.value())["id"]: one.key() for one in messages}

    assert {"a1": b"7", "a2": b"7", "b1": b"8", "c1": None} == keys
    assert sorted(map(json.dumps, lines)) == sorted(one.value().decode() for one in messages)
    assert 1 == len({one.partition() for one in messages if one.key() == b"7"})
    wait_until(lambda: collector.metric("lines_forwarded_total") == 4)
    wait_until(lambda: not waiting(collector))


def test_what_waited_without_brokers_goes_on_when_they_are_back(cluster, collector):
    cluster.down()
    ids = [f"d{number:x}" for number in range(20)]

    assert 202 == collector.post(*map(line, ids)).status

    said = wait_until(lambda: unwell(collector), 90)

    assert said.startswith(f"forward: kafka, topic {TOPIC}: ")
    assert 202 == collector.post(line("e1")).status
    assert collector.metric("forward_failures_total")
    assert collector.metric("forward_waiting_bytes")

    cluster.up()
    messages = cluster.messages(TOPIC, holds(*ids, "e1"), 90)

    assert {*ids, "e1"} == set(ids_of(messages))
    wait_until(lambda: not unwell(collector))
    assert 0 == collector.metric("forward_waiting_bytes")


def unwell(collector) -> str:
    said = collector.ask("GET", "/healthz")

    assert (503 if said.json["problem"] else 200) == said.status

    return said.json["problem"] or ""


def test_an_error_that_passes_loses_nothing_and_makes_no_second_message(cluster, collector):
    """The producer tries again by itself. An answer that is lost this cluster cannot play."""
    cluster.answer(NOT_LEADER, TIMED_OUT, NOT_LEADER)
    ids = [f"f{number:x}" for number in range(100)]
    collector.post(*map(line, ids))
    messages = cluster.messages(TOPIC, holds(*ids))
    collector.post(line("f-last"))
    messages = cluster.messages(TOPIC, holds("f-last"))

    assert {1} == set(Counter(ids_of(messages)).values())


def test_one_broker_of_three_may_go(cluster, collector):
    cluster.lead(TOPIC, 1)
    collector.post(line("g1"))
    cluster.messages(TOPIC, holds("g1"))
    cluster.down(1)
    cluster.lead(TOPIC, 2)
    collector.post(line("g2"))

    assert {"g1", "g2"} == set(ids_of(cluster.messages(TOPIC, holds("g1", "g2"), 90)))


def test_nobody_who_is_forgotten_goes_on_any_more(cluster, collector):
    secret = os.urandom(32)
    cluster.down()
    collector.post(line("h1", uid=uid_of(secret)), line("h2", uid=1))
    wait_until(lambda: waiting(collector))

    assert 1 == collector.forget(secret).json["deleted"]

    collector.kill()  # it is remembered over that, too
    collector.start()
    cluster.up()
    collector.post(line("h3", uid=1))

    assert {"h2", "h3"} == set(ids_of(cluster.messages(TOPIC, holds("h2", "h3"), 90)))


def test_nobody_goes_on_who_is_forgotten_by_another_collector_of_the_store(
    cluster, collectors, address, tmp_path
):
    cluster.create(TOPIC)
    onto, folder = ("--forward", f"kafka://{cluster.brokers}/{TOPIC}"), tmp_path / "other"
    folder.mkdir()
    one = collectors(*onto, store=address, cwd=tmp_path)
    other = collectors(folder=folder, store=address, cwd=folder)
    secret = os.urandom(32)
    cluster.down()
    one.post(line("n1", uid=1))
    wait_until(lambda: unwell(one), 90)  # the others are not under way then
    one.post(line("n2", uid=uid_of(secret)), line("n3", uid=1))
    wait_until(lambda: len(waiting(one)) == 2)

    assert 1 == other.forget(secret).json["deleted"]

    cluster.up()

    assert {"n1", "n3"} == set(ids_of(cluster.messages(TOPIC, holds("n1", "n3"), 90)))


def test_a_stop_waits_for_what_goes_on(cluster, collector):
    ids = [f"i{number:x}" for number in range(500)]
    collector.post(*map(line, ids))
    collector.stop()

    assert [] == waiting(collector)
    assert set(ids) == set(ids_of(cluster.messages(TOPIC, holds(*ids))))


def test_a_stop_does_not_wait_for_brokers_that_are_gone(cluster, collector):
    cluster.down()
    collector.post(line("j1"))
    wait_until(lambda: waiting(collector))
    began = time.monotonic()
    collector.stop()

    assert waiting(collector)
    assert time.monotonic() - began < onward.GRACE_SECONDS + 30


class Sender(threading.Thread):
    """Sends batches one after the other, each until it is acknowledged."""

    def __init__(self, collector) -> None:
        super().__init__(daemon=True)
        self.collector = collector
        self.acknowledged: list[str] = []
        self.ending = threading.Event()

    def run(self) -> None:
        batch = 0
        while not self.ending.is_set():
            ids = [f"{batch:x}-{number:x}" for number in range(LINES)]
            while not self.is_taken(ids):
                self.ending.wait(0.01)
            self.acknowledged += ids
            batch += 1

    def is_taken(self, ids) -> bool:
        try:
            return 202 == self.collector.post(*map(line, ids)).status
        except (OSError, HTTPException):
            return False


@pytest.mark.timeout(300)
def test_over_kills_all_that_was_acknowledged_goes_on_at_least_once(cluster, collector):
    cluster.slow(300)  # so that something is under way most of the time
    sender, under_way = Sender(collector), 0
    sender.start()
    for number in range(KILLS):
        before = len(sender.acknowledged)
        if number % 2:
            cluster.answer(NOT_LEADER, TIMED_OUT)
        wait_until(lambda before=before: len(sender.acknowledged) > before + 20 * LINES, 60)
        collector.kill()
        under_way += bool(waiting(collector))
        collector.start()
    sender.ending.set()
    sender.join()
    cluster.slow(0)
    messages = cluster.messages(TOPIC, holds(*sender.acknowledged), 90)
    counts = Counter(ids_of(messages))

    assert set() == set(sender.acknowledged) - set(counts)
    assert under_way, "no kill came while something went on"
    wait_until(lambda: not waiting(collector))


WRONG = [
    ("kafka://", 2, "is wanted"),
    ("kafka://broker", 2, "is wanted"),
    ("kafka://broker/a/b", 2, "is wanted"),
    ("kafka://broker/..", 2, "is wanted"),
    ("kafka://a b/topic", 2, "is wanted"),
    ("amqp://broker/topic", 2, "is wanted"),
    ("kafka://broker/topic?no.such.setting=1", 3, "No such configuration property"),
]


@pytest.mark.parametrize(("address", "code", "why"), WRONG)
def test_an_address_that_is_none_is_said(tmp_path, address, code, why):
    store = str(tmp_path / "usage.duckdb")
    said = command("collect", "--store", store, "--port", "0", "--forward", address)

    assert code == said.code
    assert why in said.err


def test_what_is_promised_cannot_be_set_otherwise():
    address = address_of("kafka://a:1,b/t?acks=0&linger.ms=5", "sasl.password=%26x")

    assert ("a:1,b", "t") == address[:2]
    assert {"acks": "0", "linger.ms": "5", "sasl.password": "&x"} == address.settings
    assert {"acks": "all", "enable.idempotence": True} == PROMISED
    assert isinstance(Kafka(address_of("kafka://127.0.0.1:9/t?acks=0")), Kafka)
