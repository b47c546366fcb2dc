"""How long ClickHouse takes to count a week anew, by how many events there are in it.

    .venvs/scale/bin/python benchmarks/collector/settle.py 1000000 10000000

The engine is chdb's, in this process. It makes the events itself: of so many installs as there are
twenty events of each, in 500 environments; a hundredth of them came twice. Printed, a row each: the
seconds that counting the week took, those of a processor, the same for a million events, and the
bytes that an event takes on disk.
"""

from __future__ import annotations

import sys
import tempfile
import time

from jina_tel.collector.store.clickhouse import care, rollups
from jina_tel.collector.store.clickhouse.engine import Engine
from jina_tel.collector.store.clickhouse.opening import found
from jina_tel.collector.store.clickhouse.tables import Place

WEEK = 2923
MONDAY = (WEEK * 7 - 3) * 86_400
EVENTS_EACH, ENVIRONMENTS, ROUNDS = 20, 500, 3
AT_ONCE = 1_000_000

INVENT = """
INSERT INTO events_local (product, uid, id, moment, kept, event, environment, version, who, began,
    uptime, session, arrived)
SELECT 'jina', cityHash64(number % {installs}) % 9007199254740992,
    concat(lower(hex(cityHash64(intDiv(number, 5)))), lower(hex(toUInt32(number))), '-',
        toString(number % 5)),
    {monday} + cityHash64(number) % 604800, 1,
    ['WorkerRuntime.start', 'Flow.start', 'BaseExecutor.start', 'Client.start'][1 + number % 4],
    number % {installs} % {environments},
    concat('3.', toString(number % {installs} % 40), '.0'), 'people',
    {monday} * 1000000 + cityHash64(number) % 604800000000, '', '', {monday} + 604800
FROM numbers({first}, {count})
"""
ENVIRONMENT = """
INSERT INTO environments_rows (id, product, version, python, platform, architecture, vendor, facts)
SELECT number, 'jina', concat('3.', toString(number % 40), '.0'), '3.11', 'Linux', 'x86_64',
    '(unset)', '{{}}' FROM numbers({environments})
"""
BYTES = """
SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts
WHERE active AND table = 'events_local' AND database = currentDatabase()
"""


def main(sizes: list[int]) -> None:
    """Measure a week of each size, and print it."""
    import clickhouse_connect

    print(f"{'events':>12}{'seconds':>10}{'cpu s':>10}{'cpu s/M':>10}{'B/event':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for events in sizes:
            client = clickhouse_connect.get_client(interface="chdb", path=folder)
            engine, place = Engine(client, "chdb"), Place(f"usage_{events}")
            care.init(engine, place)
            found(engine, place.database)
            measure(engine, place, events)
            client.close()


def measure(engine: Engine, place: Place, events: int) -> None:
    invent(engine, events)
    best = min(counted(engine, place) for _ in range(ROUNDS))
    took, cpu = best
    [(size,)] = engine.rows(BYTES, {})
    print(f"{events:>12,}{took:>10.2f}{cpu:>10.2f}{cpu / events * 1e6:>10.2f}{size:>10.1f}")


def invent(engine: Engine, events: int) -> None:
    engine.run(ENVIRONMENT.format(environments=ENVIRONMENTS))
    spans = [(first, min(AT_ONCE, events - first)) for first in range(0, events, AT_ONCE)]
    for first, count in [*spans, (0, events // 100)]:  # the last are those that came twice
        text = INVENT.format(
            first=first,
            count=count,
            monday=MONDAY,
            installs=max(1, events // EVENTS_EACH),
            environments=ENVIRONMENTS,
        )
        engine.run(text)


def counted(engine: Engine, place: Place) -> tuple[float, float]:
    """Count the week; return the seconds that it took, and those of a processor."""
    began, spent = time.perf_counter(), time.process_time()
    rollups.count_weeks(engine, place, [WEEK])
    return time.perf_counter() - began, time.process_time() - spent


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]])
