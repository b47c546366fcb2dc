"""What a store holds, and whether its counts are those of its events."""

from __future__ import annotations

from typing import Any

from .base import Store

EVENTS = "SELECT week, count(*) FROM events GROUP BY week ORDER BY week"
STARTS = "SELECT week, sum(starts) FROM tallies GROUP BY week ORDER BY week"
UIDS = "SELECT count(DISTINCT uid) FROM events"
LOST = "SELECT sum(lost) FROM losses"
ORPHANS = "SELECT count(*) FROM events WHERE environment NOT IN (SELECT id FROM environments)"
SOME = 5  # weeks that are named


def checked(store: Store) -> dict[str, Any]:
    """Count the events again, and hold the roll-ups against them.

    Shape::

        {"events": 10, "uids": 4, "lost": 0, "weeks": 2, "problems": ["…"]}
    """
    store.settle()
    events = {week: int(number) for week, number in store.rows(EVENTS, {})}
    starts = {week: int(number) for week, number in store.rows(STARTS, {}) if number}
    return {
        "events": sum(events.values()),
        "uids": int(store.rows(UIDS, {})[0][0]),
        "lost": int(store.rows(LOST, {})[0][0] or 0),
        "weeks": len(events),
        "problems": [*store.problems(), *_orphans(store), *_differences(events, starts)],
    }


def _orphans(store: Store) -> list[str]:
    number = int(store.rows(ORPHANS, {})[0][0])
    return [f"{number} events have an environment that is not there"] if number else []


def _differences(events: dict[int, int], starts: dict[int, int]) -> list[str]:
    wrong = sorted(
        week for week in {*events, *starts} if events.get(week, 0) != starts.get(week, 0)
    )
    said = [
        f"week {week}: {events.get(week, 0)} events, and {starts.get(week, 0)} are counted"
        for week in wrong[:SOME]
    ]
    return said + ([f"and {len(wrong) - SOME} more weeks"] if len(wrong) > SOME else [])
