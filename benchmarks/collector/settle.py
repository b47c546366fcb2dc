"""How long ClickHouse takes to count a day anew, and its week, by how many events are in the week.

    .venvs/scale/bin/python benchmarks/collector/settle.py 1000000 10000000
    .venvs/scale/bin/python benchmarks/collector/settle.py --each 200 5000000

The engine is chdb's, in this process. It makes the events itself: of so many installs as there are
twenty events of each, or ``--each``, in 500 environments; a hundredth of them came twice. Printed,
a row each: the seconds that counting a day of the week took, and those of a processor; the same of
putting the week together from its days; those of a processor for a million events, of the day and
of the week; and the bytes on disk of an event, and of what is counted of its day.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable

from jina_tel.collector.store.clickhouse import care, rollups
from jina_tel.collector.store.clickhouse.engine import Engine
from jina_tel.collector.store.clickhouse.opening import found
from jina_tel.collector.store.clickhouse.tables import Place

WEEK = 2923
DAY = WEEK * 7 - 3
MONDAY = DAY * 86_400
ENVIRONMENTS, ROUNDS = 500, 3
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
SELECT sumIf(bytes_on_disk, table = 'events_local') / sumIf(rows, table = 'events_local'),
    sumIf(bytes_on_disk, table = 'uses_local') / sumIf(rows, table = 'events_local')
FROM system.parts WHERE active AND database = currentDatabase()
"""


def main(sizes: list[int], each: int) -> None:
    """Measure a week of each size, and print it."""
    import clickhouse_connect

    heads = ("day s", "cpu s", "week s", "cpu s", "day/M", "week/M", "B/event", "B counted")
    print(f"{'events':>12}{''.join(f'{head:>10}' for head in heads)}")
    with tempfile.TemporaryDirectory() as folder:
        for events in sizes:
            client = clickhouse_connect.get_client(interface="chdb", path=folder)
            engine, place = Engine(client, "chdb"), Place(f"usage_{events}")
            care.init(engine, place)
            found(engine, place.database)
            measure(engine, place, events, each)
            client.close()


def measure(engine: Engine, place: Place, events: int, of_each: int) -> None:
    invent(engine, events, max(1, events // of_each))
    rollups.count_days(engine, place, range(DAY, DAY + 7))
    engine.run("OPTIMIZE TABLE uses_local FINAL")
    day = min(took(lambda: rollups.count_days(engine, place, [DAY])) for _ in range(ROUNDS))
    week = min(took(lambda: rollups.count_weeks(engine, place, [WEEK])) for _ in range(ROUNDS))
    [sizes] = engine.rows(BYTES, {})
    each = (day[1] / events * 7e6, week[1] / events * 1e6, *sizes)
    figures = "".join(f"{number:>10.2f}" for number in (*day, *week, *each))
    print(f"{events:>12,}{figures}", flush=True)


def invent(engine: Engine, events: int, installs: int) -> None:
    engine.run(ENVIRONMENT.format(environments=ENVIRONMENTS))
    spans = [(first, min(AT_ONCE, events - first)) for first in range(0, events, AT_ONCE)]
    for first, count in [*spans, (0, events // 100)]:  # the last are those that came twice
        text = INVENT.format(
            first=first,
            count=count,
            monday=MONDAY,
            installs=installs,
            environments=ENVIRONMENTS,
        )
        engine.run(text)


def took(count: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that counting took, and those of a processor."""
    began, spent = time.perf_counter(), time.process_time()
    count()
    return time.perf_counter() - began, time.process_time() - spent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="measure how long counting anew takes")
    parser.add_argument("events", type=int, nargs="+", help="in the week")
    parser.add_argument("--each", type=int, default=20, help="of so many events of each install")
    given = parser.parse_args()
    main(given.events, given.each)
