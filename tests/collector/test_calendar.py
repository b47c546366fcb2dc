"""A clock that has leapt ahead takes no events with it."""

from __future__ import annotations

import time

import pytest
from collecting import line, now
from usage import MONDAY, row

from jina_tel.collector.calendar import Calendar, calendar_of
from jina_tel.collector.store.duck import DuckStore

HOUR, DAY = 3600.0, 86_400.0
YEAR = 365 * DAY


class Machine:
    """A machine whose clock can be set; what is monotonic goes on by itself."""

    def __init__(self, path) -> None:
        self.path = path
        self.time, self.ticks = float(MONDAY), 5.0

    def calendar(self, newest=None) -> Calendar:
        return Calendar(self.path, newest, lambda: self.time, lambda: self.ticks)

    def run(self, calendar: Calendar, hours: int) -> float:
        """Let so much time pass, and have the calendar look every hour."""
        for _ in range(hours):
            self.time, self.ticks = self.time + HOUR, self.ticks + HOUR
            calendar.note()
        return calendar.now()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "clock")


@pytest.mark.parametrize("leap", [0.0, -YEAR, -DAY, 6 * DAY])
def test_a_clock_that_is_not_far_ahead_is_believed(machine, leap):
    calendar = machine.calendar()
    calendar.note()
    machine.time += leap

    assert machine.time == calendar.now() == calendar.note()


def test_a_clock_that_leaps_is_not_believed_and_time_goes_on(machine):
    calendar = machine.calendar()
    calendar.note()
    machine.time += YEAR

    assert MONDAY == calendar.now()
    assert MONDAY + 100 * HOUR == machine.run(calendar, 100)


def test_a_clock_that_is_set_right_is_believed_at_once(machine):
    calendar = machine.calendar()
    machine.time += YEAR
    machine.run(calendar, 100)
    machine.time -= YEAR

    assert machine.time == calendar.now() == calendar.note()


def test_a_clock_that_stays_ahead_for_a_week_is_believed(machine):
    calendar = machine.calendar()
    calendar.note()
    machine.time += YEAR

    assert MONDAY + 168 * HOUR == machine.run(calendar, 168)
    assert machine.run(calendar, 1) == machine.time > MONDAY + YEAR


def test_a_restart_in_the_fault_has_it_believed_no_sooner(machine):
    machine.run(machine.calendar(), 10)
    machine.time += YEAR
    for _ in range(5):
        machine.run(machine.calendar(newest=machine.time), 100)

    assert MONDAY + 510 * HOUR == machine.calendar().now()


def test_without_a_file_it_is_the_day_on_which_something_came(tmp_path):
    store = DuckStore(str(tmp_path / "usage.duckdb"), lambda: time.time() - YEAR)
    fresh = calendar_of(tmp_path, store).now()
    store.load([row("one", at=MONDAY)], [])
    doubted = calendar_of(tmp_path, store).now()
    store.close()

    assert abs(fresh - time.time()) < HOUR
    assert abs(doubted - (time.time() - YEAR)) <= DAY


@pytest.mark.parametrize("content", ["", "x", "nan", "\u0663"])
def test_a_file_that_says_nothing_is_as_none(machine, content):
    machine.path.write_text(content)

    assert machine.time == machine.calendar().now()


def test_a_collector_whose_clock_is_far_ahead_keeps_and_takes_what_is_not_old(collectors):
    collector = collectors("--keep-days", "200")
    old = line("old", time=now(-150 * DAY))
    collector.post(old)
    collector.stop()
    (collector.segments / "clock").write_text(f"{int(time.time() - 100 * DAY)}\n")
    collector._options = ("--keep-days", "100")
    collector.start()

    assert 202 == collector.post({**old, "id": "later"}).status
    assert "days ahead of" in (collector.stop() or collector.said())
    assert ["later", "old"] == collector.ids()
