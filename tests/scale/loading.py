"""The store on every server of a cluster, and collectors that load it as fast as they can."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

from cluster import CLUSTER, Cluster, Server
from plain import PlainClient

from jina_tel.collector.errors import StoreError
from jina_tel.collector.store import Row
from jina_tel.collector.store.clickhouse import care
from jina_tel.collector.store.clickhouse.engine import Engine
from jina_tel.collector.store.clickhouse.store import ClickHouseStore
from jina_tel.collector.store.clickhouse.tables import EVENTS, TABLES, Place
from jina_tel.collector.store.columns import DAY_SECONDS

TODAY = 20_458  # 2026-01-05
ROWS = 100  # of a segment
WRITERS = 4
WAIT_SECONDS = 100.0


class Stores:
    """A database of the cluster, as collectors see it: a store on each server."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self.cluster = cluster
        self.place = Place(database, CLUSTER)
        self.now = float(TODAY * DAY_SECONDS)
        care.init(Engine(PlainClient(cluster.servers), "1-1"), self.place)
        self.each = [self._on(server) for server in cluster.servers]

    def _on(self, server: Server) -> ClickHouseStore:
        others = [one for one in self.cluster.servers if one is not server]
        engine = Engine(PlainClient([server, *others]), f"{server.shard}-{server.replica}")
        engine.use(self.place.database)
        # An insert that is repeated is known by what it holds: so it came when it came first.
        return ClickHouseStore(engine, self.place, clock=lambda: self.now)

    def sync(self) -> None:
        """Wait until each replica has what the others have."""
        for server, table in itertools.product(self.cluster.servers, TABLES):
            server.ask(f"SYSTEM SYNC REPLICA {self.place.database}.{table.stands_as}")

    def settle(self) -> None:
        """Count what has come, and wait until each replica has the counts."""
        self.sync()
        self.each[0].settle()
        self.sync()

    def number(self, server: Server, what: str) -> int:
        """Return what one server says of the events of its shard, those that stand twice too."""
        return int(server.ask(f"SELECT {what} FROM {self.place.database}.{EVENTS.stands_as}"))


class Load:
    """Collectors that write as fast as they can, each segment until somebody has answered.

    Attributes:
        sent: the segments that were tried.
        acknowledged: those of which each insert was answered with 200.
        refused: how often one was not, and went to the next server.
        repeated: how many went to another server though they had been answered.
    """

    def __init__(self, stores: Stores) -> None:
        self.sent: set[int] = set()
        self.acknowledged: set[int] = set()
        self.refused = self.repeated = 0
        self.has_ended = False
        self._stores = stores.each
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def write(self) -> None:
        """Write one segment after the other."""
        while not self.has_ended:
            with self._changed:
                number = next(self._numbers)
                self.sent.add(number)
            self._give(number)
            with self._changed:
                self.acknowledged.add(number)
                self._changed.notify_all()
            if number % 5 == 0:
                self._give(number, further=1)
                self.repeated += 1

    def wait_for(self, segments: int) -> None:
        """Wait until so many more have been acknowledged."""
        with self._changed:
            wanted = len(self.acknowledged) + segments
            assert self._changed.wait_for(
                lambda: len(self.acknowledged) >= wanted, timeout=WAIT_SECONDS
            )

    def _give(self, number: int, further: int = 0) -> None:
        for server in itertools.count(number + further):
            try:
                self._stores[server % 4].load(segment(number), [], f"segment {number}")
                return
            except StoreError:
                with self._changed:
                    self.refused += 1


@contextmanager
def writers(stores: Stores) -> Iterator[Load]:
    """Write while the block runs; what was begun is written to its end."""
    load = Load(stores)
    with ThreadPoolExecutor(WRITERS) as pool:
        running: list[Future[None]] = [pool.submit(load.write) for _ in range(WRITERS)]
        try:
            yield load
        finally:
            load.has_ended = True
    for one in running:
        one.result()


def segment(number: int) -> list[Row]:
    """Return the rows of a segment, the same each time."""
    chance = Random(number)
    facts = {"jina": "3.34.0", "python": "3.11.7", "platform": "Linux", "ci-vendor": "(unset)"}
    return [
        Row(
            id=f"{number}-{n}",
            at=(TODAY - chance.randrange(7)) * DAY_SECONDS,
            product="jina",
            uid=chance.getrandbits(53),
            kept=True,
            event="Flow.start",
            facts=facts,
        )
        for n in range(ROWS)
    ]
