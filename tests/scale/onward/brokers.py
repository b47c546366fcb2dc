"""A Kafka cluster of librdkafka's own, in this process and on loopback, which may fail as told.

librdkafka brings one for its tests; its functions are asked for by ctypes, of the library that
``confluent_kafka`` has loaded, since its Python has no names for them.
"""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

import confluent_kafka
from confluent_kafka import Consumer, TopicPartition

PRODUCER = 0
PRODUCE = 0  # the number of that request in Kafka's protocol
ALL = -1
NOT_LEADER, TIMED_OUT = 6, 7
PARTITIONS = 4


def library() -> ctypes.CDLL:
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    [path] = folder.glob("librdkafka-*.so*")
    found = ctypes.CDLL(str(path))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(found, name).restype = ctypes.c_void_p
    found.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return found


class Cluster:
    """Brokers on loopback; a topic is there as soon as it is asked for.

    Attributes:
        brokers: their addresses.
    """

    def __init__(self, count: int = 3) -> None:
        self._library = library()
        self._count = count
        why = ctypes.create_string_buffer(512)
        conf = ctypes.c_void_p(self._library.rd_kafka_conf_new())
        handle = self._library.rd_kafka_new(PRODUCER, conf, why, ctypes.c_size_t(512))

        assert handle, why.value

        self._handle = ctypes.c_void_p(handle)
        self._cluster = ctypes.c_void_p(
            self._library.rd_kafka_mock_cluster_new(self._handle, ctypes.c_int(count))
        )
        self._mock("cluster_bootstraps")
        self.brokers = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def close(self) -> None:
        self._mock("cluster_destroy")
        self._library.rd_kafka_destroy(self._handle)

    def down(self, broker: int = ALL) -> None:
        for number in self._numbers(broker):
            self._mock("broker_set_down", ctypes.c_int(number))

    def up(self, broker: int = ALL) -> None:
        for number in self._numbers(broker):
            self._mock("broker_set_up", ctypes.c_int(number))

    def slow(self, milliseconds: int) -> None:
        """Have every answer take so long."""
        for number in self._numbers(ALL):
            self._mock("broker_set_rtt", ctypes.c_int(number), ctypes.c_int(milliseconds))

    def create(self, topic: str) -> None:
        self._mock("topic_create", topic.encode(), ctypes.c_int(PARTITIONS), ctypes.c_int(1))

    def lead(self, topic: str, broker: int) -> None:
        """Have one broker lead all partitions; the cluster elects none by itself."""
        for partition in range(PARTITIONS):
            where = (topic.encode(), ctypes.c_int32(partition), ctypes.c_int32(broker))
            self._mock("partition_set_leader", *where)

    def answer(self, *errors: int) -> None:
        """Have the next requests to produce answered with these errors."""
        array = (ctypes.c_int * len(errors))(*errors)
        kind = ctypes.c_int16(PRODUCE)
        count = ctypes.c_size_t(len(errors))
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, kind, count, array)

    def messages(self, topic: str, until, seconds: float = 60.0) -> list:
        """Return what stands in a topic, from its beginning, as soon as ``until(it)`` holds."""
        group = {"group.id": os.urandom(4).hex(), "enable.auto.commit": False}
        where = {"bootstrap.servers": self.brokers, "auto.offset.reset": "earliest"}
        consumer = Consumer({**group, **where, "log_level": 0})
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        found, deadline = [], time.monotonic() + seconds
        try:
            while not until(found):
                assert time.monotonic() < deadline, f"{len(found)} messages, and no more come"
                found += [one for one in consumer.consume(1000, 0.2) if one.error() is None]
            return found
        finally:
            consumer.close()

    def _numbers(self, broker: int):
        return range(1, self._count + 1) if broker == ALL else [broker]

    def _mock(self, name: str, *arguments):
        return getattr(self._library, f"rd_kafka_mock_{name}")(self._cluster, *arguments)
