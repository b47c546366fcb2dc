"""Kafka as what segments go on to: a message a line, its key the uid.

The producer is idempotent, so a retry of its own is no second message; what a collector that was
killed sends again is one. Whoever reads counts an id once, as everywhere.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from confluent_kafka import KafkaError, KafkaException, Producer

from .errors import OnwardError
from .onward import Message

SCHEME = "kafka://"
DELIVERY_SECONDS = 30.0  # for one batch; then the producer gives up, and we begin again
POLL_SECONDS = 0.1
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
BROKERS = re.compile(r"[A-Za-z0-9._:\[\],-]+")
# What is promised rests on these; what is set with the address comes on top, but not over them.
PROMISED = {"enable.idempotence": True, "acks": "all"}


class Address(NamedTuple):
    """Where messages go.

    Attributes:
        brokers: those to ask first, ``host[:port]``, with commas in between.
        topic: its name.
        settings: further ones of librdkafka.
    """

    brokers: str
    topic: str
    settings: Mapping[str, str]


def address_of(text: str, further: str = "") -> Address:
    """Return what ``kafka://broker1,broker2:9093/topic?name=value`` says; asks nobody.

    Args:
        text: the address; after ``?`` settings of librdkafka.
        further: more of these, ``name=value&name=value``; passwords do not belong into ``text``.

    Raises:
        ValueError: it says nothing of the kind.
    """
    where, _, query = text.removeprefix(SCHEME).partition("?")
    brokers, _, topic = where.partition("/")
    known = text.startswith(SCHEME) and BROKERS.fullmatch(brokers) and TOPIC.fullmatch(topic)
    if not known or topic in (".", ".."):
        raise ValueError(f"kafka://broker1,broker2/topic is wanted, not {text!r}")
    settings = dict(parse_qsl(f"{query}&{further}", keep_blank_values=True))
    return Address(brokers, topic, settings)


class Kafka:
    """Sends messages to one topic.

    Args:
        address: where.

    Raises:
        ValueError: one of its settings is none.
    """

    def __init__(self, address: Address) -> None:
        self._topic = address.topic
        self._settings: dict[str, Any] = {
            "client.id": "jina-tel",
            "compression.type": "zstd",
            "linger.ms": 20,
            "partitioner": "murmur2_random",  # as Java's: a uid is in one partition for all
            "message.timeout.ms": int(DELIVERY_SECONDS * 1000),
            "log_level": 0,  # what is wrong is said by us, once
            **address.settings,
            **PROMISED,
            "bootstrap.servers": address.brokers,
        }
        self._ending = threading.Event()
        self._said = ""  # what the producer said last of the brokers
        self._producer: Producer | None = self._open()

    def deliver(self, messages: list[Message]) -> None:
        """Return once the brokers in sync have each of them; raises OnwardError otherwise."""
        producer = self._producer = self._producer or self._open()
        failures: list[KafkaError] = []

        def heard(error: KafkaError | None, message: object) -> None:
            if error is not None:
                failures.append(error)

        try:
            for message in messages:
                self._produce(producer, message, heard)
            while len(producer) and not self._ending.is_set():
                producer.poll(POLL_SECONDS)
        except KafkaException as error:
            failures.append(error.args[0])
        if failures or self._ending.is_set():
            self._give_up(producer)
            raise OnwardError(self._why(failures))
        self._said = ""

    def end(self) -> None:
        """Give up what is under way."""
        self._ending.set()

    def _open(self) -> Producer:
        try:
            return Producer({**self._settings, "error_cb": self._hear})
        except KafkaException as error:
            raise ValueError(f"kafka: {error.args[0].str()}") from error

    def _hear(self, error: KafkaError) -> None:
        self._said = error.str()

    def _produce(self, producer: Producer, message: Message, heard: Any) -> None:
        while True:
            try:
                producer.produce(self._topic, message.value, message.key, on_delivery=heard)
                return
            except BufferError:  # its queue is full
                if self._ending.is_set():
                    return
                producer.poll(POLL_SECONDS)

    def _give_up(self, producer: Producer) -> None:
        """Let no message of this batch leave later: the next try begins with all of them."""
        producer.purge(in_queue=True, in_flight=True, blocking=False)
        producer.poll(0)
        self._producer = None

    def _why(self, failures: list[KafkaError]) -> str:
        if not failures:
            return "the collector ends"
        said = f"; {self._said}" if self._said else ""
        return f"kafka, topic {self._topic}: {failures[0].str()}{said}"
