"""Fill a store with a year of invented usage, so that the page can be judged.

Everything is made up, and the same for the same seed: 240,000 installs that come, upgrade, and
stay or leave, their CI, and containers that keep no id; ten million events.

    python examples/demo_data.py usage.duckdb
    jina-tel collect --store usage.duckdb
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

import duckdb

from jina_tel.cli.screen import Bar
from jina_tel.collector.store import REJECTED, Loss, Row, open_store
from jina_tel.collector.store.columns import DAY_SECONDS, first_day, week_of

EVENTS, INSTALLS, WEEKS = 10_000_000, 240_000, 53
BATCH = 50_000
EPOCH = datetime(1970, 1, 1)
DAYS = (1.15, 1.25, 1.25, 1.2, 1.05, 0.45, 0.4)  # Monday to Sunday
RUN = ("WorkerRuntime.start", "GatewayRuntime.start", "BaseExecutor.start", "Flow.start")
FAILING = 3  # the release, counted from the first, whose starts fail more often
CI_SHARE, PASSING_SHARE = 0.2, 0.04
STAYING = 0.32  # of those who try it
THERE_BEFORE = 0.1  # of the installs; the library is older than the year

PLATFORMS = (
    ("Linux", "x86_64", 58),
    ("Darwin", "arm64", 19),
    ("Windows", "AMD64", 11),
    ("Linux", "aarch64", 7),
    ("Darwin", "x86_64", 5),
)
RELEASES = {
    "Linux": ("6.8.0-49-generic", "5.15.0-126-generic", "6.1.0-28-amd64", "6.11.0-9-generic"),
    "Darwin": ("24.1.0", "23.6.0"),
    "Windows": ("10", "11"),
}
PYTHONS = (("3.8", 9, -8), ("3.9", 14, -7), ("3.10", 27, -5), ("3.11", 28, 2), ("3.12", 18, 9))
NEWEST_PYTHON = ("3.13", 1, 12)
VENDORS = (
    ("GitHub Actions", 61),
    ("GitLab CI", 17),
    ("Jenkins", 8),
    ("CircleCI", 5),
    ("Azure Pipelines", 4),
    ("Buildkite", 2),
    ("Travis CI", 1),
)


@dataclass(slots=True, eq=False)
class Install:
    """One installation, in the middle of its life."""

    uid: int
    platform: tuple[str, str, int]
    kernel: str
    python: str
    release: int
    keenness: float
    leaves: int


class World:
    """Invents what comes, a day after the other.

    Args:
        events: how many, about.
        installs: how many come in the year.
        until: the last day, counted from 1970-01-01.
        seed: of all chance.
    """

    def __init__(self, events: int, installs: int, until: int, seed: int) -> None:
        self._random = Random(seed)
        self._keenness = events / installs / 94  # as many runs as make up the events
        self._installs = installs
        self._events = events
        self._last = until
        self._first = first_day(week_of(until) - WEEKS + 1)
        self._alive: list[Install] = []
        self._facts: dict[object, dict[str, str | int]] = {}
        self._number = 0

    def rows(self) -> Iterator[Row]:
        """Yield all, in the order in which they come."""
        for day in range(self._first, self._last + 1):
            yield from sorted(self._day(day), key=lambda row: row.at)

    def _day(self, day: int) -> Iterator[Row]:
        age = (day - self._first) / (7 * WEEKS)
        if day == self._first:
            self._come(round(self._installs * THERE_BEFORE), age, staying=1.0)
        holiday = 0.45 if _is_holiday(day) else 1.0
        busy = DAYS[(day + 3) % 7] * holiday
        self._alive = [one for one in self._alive if one.leaves > day]
        new = self._come(round(self._a_day(self._installs, age) * busy), age)
        for install in self._alive:
            if install in new or self._random.random() < install.keenness * busy:
                yield from self._run(install, day, self._upgraded(install, day), kept=True)
        yield from self._passing(day, age, busy)

    def _a_day(self, a_year: int, age: float) -> float:
        """Return a day's part of what there is in a year: more each month."""
        return a_year / (7 * WEEKS) * (0.65 + 0.7 * age)

    def _come(self, number: int, age: float, staying: float = STAYING) -> set[Install]:
        """Let new installs come, and return them; whoever installs it, runs it."""
        new = [self._install(age, staying) for _ in range(number)]
        self._alive += new
        return set(new)

    def _install(self, age: float, staying: float = STAYING) -> Install:
        random = self._random
        kind = random.choices(PLATFORMS, [weight for *_, weight in PLATFORMS])[0]
        stays = random.random() < staying
        days = random.expovariate(1 / 240) if stays else random.expovariate(1 / 9)
        born = self._first + int(age * 7 * WEEKS)
        return Install(
            uid=random.getrandbits(53),
            platform=kind,
            kernel=random.choice(RELEASES[kind[0]]),
            python=self._python(age),
            release=self._release(age, random.expovariate(1 / 0.6)),
            keenness=min(0.95, self._keenness * random.lognormvariate(-1.6, 0.8)),
            leaves=born + 1 + int(days),
        )

    def _python(self, age: float) -> str:
        known = (*PYTHONS, NEWEST_PYTHON)
        weights = [max(0.2, now + more * age) for _, now, more in known]
        minor = self._random.choices(known, weights)[0][0]
        return f"{minor}.{self._random.choice((4, 7, 9, 10))}"

    def _release(self, age: float, behind: float) -> int:
        """Return the number of a release, a new one every three weeks; some are late."""
        return max(0, int(age * WEEKS / 3 - behind))

    def _upgraded(self, install: Install, day: int) -> dict[str, str | int]:
        """Upgrade now and then, and return the facts of now."""
        newest = (day - self._first) // 21
        if install.release < newest and self._random.random() < 0.05:
            install.release = newest
        return self._known(install, "(unset)")

    def _passing(self, day: int, age: float, busy: float) -> Iterator[Row]:
        """Yield the runs that keep no id: CI, and containers."""
        a_day = self._a_day(self._events, age) * busy / (len(RUN) + 0.6)
        for number in range(round(a_day * (CI_SHARE + PASSING_SHARE))):
            install = self._install(age)
            is_ci = number < a_day * CI_SHARE
            if is_ci:
                install.platform, install.kernel = PLATFORMS[0], "6.8.0-1017-azure"
            vendor = self._random.choices(VENDORS, [w for _, w in VENDORS])[0][0]
            facts = self._known(install, vendor if is_ci else "(unset)")
            yield from self._run(install, day, facts, kept=False)

    def _known(self, install: Install, vendor: str) -> dict[str, str | int]:
        key = (install.platform, install.kernel, install.python, install.release, vendor)
        if key not in self._facts:
            self._facts[key] = _facts(install, vendor)
        return self._facts[key]

    def _run(
        self, install: Install, day: int, facts: dict[str, str | int], *, kept: bool
    ) -> Iterator[Row]:
        random = self._random
        second = int(DAY_SECONDS * min(max(random.gauss(0.58, 0.17), 0), 0.9999))
        at = day * DAY_SECONDS + second
        token = f"{random.getrandbits(96):024x}"
        began = EPOCH + timedelta(seconds=at, microseconds=-random.randrange(90_000_000))
        uptime = began.isoformat(timespec="microseconds")
        for number, name in enumerate(self._names(install)):
            yield Row(f"{token}-{number:x}", at, "jina", install.uid, kept, name, facts, uptime)

    def _names(self, install: Install) -> Iterator[str]:
        random = self._random
        often = 0.11 if install.release == FAILING else 0.018
        yield from RUN[:-1]
        yield "Flow.failed" if random.random() < often else RUN[-1]
        if random.random() < 0.5:
            yield "Client.start"
        if random.random() < 0.1:
            yield "Deployment.start"


def _is_holiday(day: int) -> bool:
    moment = EPOCH + timedelta(days=day)
    return (moment.month, moment.day) >= (12, 23) or (moment.month, moment.day) <= (1, 2)


def _facts(install: Install, vendor: str) -> dict[str, str | int]:
    platform, architecture, _ = install.platform
    return {
        "architecture": architecture,
        "ci-vendor": vendor,
        "docarray": f"0.{20 + install.release}.0",
        "grpcio": "1.68.0",
        "jina": f"3.{20 + install.release}.{1 if install.release == FAILING + 1 else 0}",
        "jina-proto": "0.1.27",
        "platform": platform,
        "platform-release": install.kernel,
        "platform-version": f"#1 {install.kernel}",
        "processor": architecture,
        "proto-backend": "upb",
        "protobuf": "4.25.5",
        "python": install.python,
        "pyyaml": "6.0.2",
    }


def fill(path: str, events: int, installs: int, until: int, seed: int) -> int:
    """Fill the store at ``path``; return how many events it was filled with."""
    store, now = open_store(path), [0.0]
    world, bar = World(events, installs, until, seed), Bar(events, "inventing a year of usage")
    rows, random, done, again = world.rows(), Random(seed), 0, []
    try:
        while batch := list(islice(rows, BATCH)):
            now[0] = float(batch[-1].at)
            done += store.load([*batch, *again], list(_losses(batch, random)))
            again = random.sample(batch, len(batch) // 200)  # sent again, for an answer was lost
            bar.show(done)
    finally:
        bar.close()
        store.close()
    return done


def _losses(batch: list[Row], random: Random) -> Iterator[Loss]:
    at, size = batch[-1].at, len(batch)
    counts = {"too_old": size // 900, "too_many": size // 400, "journal_full": size // 6000}
    lost = {reason: random.randint(0, number) for reason, number in counts.items() if number}
    yield Loss(f"{at:x}-{random.getrandbits(64):x}", at, "jina", lost)
    yield Loss(f"{at:x}-{random.getrandbits(64):x}", at, "jina", {REJECTED: size // 3000})


def invent_ages(path: str) -> None:
    """Say in the store's intake that the events came when they were made: nobody waited a year."""
    with duckdb.connect(path) as connection:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE days AS "
            "SELECT product, day, count(*) AS n FROM events GROUP BY product, day"
        )
        connection.execute("DELETE FROM intake")
        connection.execute(
            "INSERT INTO intake SELECT product, day, n, n // 200, n * 91 // 100, n * 4 // 100, "
            "n * 3 // 100, n - n * 91 // 100 - n * 4 // 100 - n * 3 // 100 FROM days"
        )


def main() -> int:
    """Make the store that the command line names."""
    parser = argparse.ArgumentParser(description="Fill a store with a year of invented usage.")
    parser.add_argument("store", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--installs", type=int, default=INSTALLS)
    parser.add_argument("--until", type=datetime.fromisoformat, default=datetime.now())
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.store.exists():
        parser.error(f"{given.store} exists; it is left as it is")
    began = time.monotonic()
    until = (given.until - EPOCH).days
    done = fill(str(given.store), given.events, given.installs, until, given.seed)
    invent_ages(str(given.store))
    seconds, size = time.monotonic() - began, given.store.stat().st_size
    print(f"{done:,} events in {seconds:.0f} s, {size / done:.1f} bytes an event: {given.store}")
    print(f"look at them: jina-tel collect --store {given.store}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
