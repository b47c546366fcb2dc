"""Test your telemetry: a real receiver on loopback, whose behaviour you choose.

::

    from jina_tel.testing import Healthy, Receiver, Status

    with Receiver() as receiver:
        monkeypatch.setenv("JINA_TEL_ENDPOINT", receiver.url)
        receiver.behaviour = [Status(503, retry_after=0), Healthy()]
        ...
        [event] = receiver.wait(1)

It listens on a socket and speaks HTTP/1.1, so it also serves child processes and programs that are
not written in Python. ``python -m jina_tel.testing`` runs one in the foreground and prints what
arrives. Under pytest, the fixtures ``telemetry_receiver`` and ``telemetry_events`` do the rest.
"""

from __future__ import annotations

from .behaviours import (
    Behaviour,
    Exchange,
    Healthy,
    Hung,
    Line,
    Redirect,
    Rejecting,
    Request,
    Slow,
    Status,
    Truncated,
)
from .receiver import Receiver

__all__ = [
    "Behaviour",
    "Exchange",
    "Healthy",
    "Hung",
    "Line",
    "Receiver",
    "Redirect",
    "Rejecting",
    "Request",
    "Slow",
    "Status",
    "Truncated",
]
