"""Products whose events stay in memory, and the names of what was recorded."""

from __future__ import annotations

from jina_tel import Telemetry
from jina_tel.transports.memory import EVENTS


def product(name: str = "acme", **settings) -> Telemetry:
    """Return a product that records into memory, as much as it likes."""
    return Telemetry(name, endpoint="memory:", events_per_minute=1_000_000, **settings)


def taken(name: str = "acme") -> list[str]:
    """Return the names of the product's events since the last time, and forget them."""
    names = [event["payload"]["event"] for event in EVENTS if event["product"] == name]
    EVENTS[:] = [event for event in EVENTS if event["product"] != name]
    return names
