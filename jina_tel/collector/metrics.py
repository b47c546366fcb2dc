"""What the collector counts of itself, for Prometheus and for the page."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from .missing import Missing

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counts since the start; each collector has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.missing = Missing()  # no label of Prometheus: its names are strangers'
        self.requests = self._counter("requests", "Requests, by path and status.", "path", "status")
        self.accepted = self._counter("lines_accepted", "Lines that were acknowledged.", "product")
        self.rejected = self._counter("lines_rejected", "Lines that were turned away.", "product")
        self.duplicates = self._counter("events_duplicate", "Events whose id the store had.")
        self.loaded = self._counter("events_loaded", "Events that are new in the store.")
        self.lost = self._counter("events_lost", "What clients' ledgers report.", "product", "why")
        self.failures = self._counter("load_failures", "Loads that the store did not take.")
        self.corrupt = self._counter("lines_corrupt", "Lines of segments that cannot be read.")
        self.forwarded = self._counter("lines_forwarded", "Lines that went on, by --forward.")
        self.forward_failures = self._counter("forward_failures", "Tries to pass lines on in vain.")
        self.forward_waiting = self._gauge("forward_waiting_bytes", "What has not gone on yet.")
        self.forward_lag = self._gauge("forward_lag_seconds", "Age of the oldest of these.")
        self.commit = self._histogram("commit_seconds", "Writing acknowledged lines to disk.")
        self.load = self._histogram("load_seconds", "Loading one segment into the store.")
        self.lag = self._gauge("lag_seconds", "Age of the oldest segment that is not loaded.")
        self.waiting = self._gauge("waiting_bytes", "Segments that are not loaded.")

    def text(self) -> bytes:
        """Return all of it in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"jina_tel_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(f"jina_tel_{name}", words, registry=self.registry)

    def _histogram(self, name: str, words: str) -> Histogram:
        return Histogram(f"jina_tel_{name}", words, buckets=SECONDS, registry=self.registry)
