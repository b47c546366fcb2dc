"""``product.json``: what a product sends and where to, for the command line to read."""

from __future__ import annotations

import os

from . import files
from .payload import fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .settings import Settings

FILE = "product.json"
FORMAT = 1

_NUMBERS = ("batch_events", "body_bytes", "events_per_minute", "exit_seconds", "journal_bytes")


def describe(state: str, settings: Settings, endpoint: str) -> None:
    """Write the product's description into ``state``, unless it stands there already.

    Raises OSError. ``json`` is imported only where there is something new to write: on the
    host's thread, and at a product's first event on a machine.
    """
    path = os.path.join(state, FILE)
    key = _key(settings, endpoint)
    try:
        if key.encode() in files.read_bytes(path):
            return
    except FileNotFoundError:
        pass
    import json

    content = {"v": FORMAT, "key": key, **description(settings, endpoint)}
    files.write_whole(path, json.dumps(content, indent=1).encode() + b"\n")


def description(settings: Settings, endpoint: str) -> dict[str, Any]:
    """Return what a product sends and where to.

    Shape::

        {"product": "jina", "endpoint": "https://…", "notice": null, "page": null,
         "fields": [{"name": "jina", "kind": "version", "why": "…"}, …],
         "settings": {"journal_days": 30, …}}
    """
    return {
        "product": settings.product,
        "endpoint": endpoint,
        "notice": settings.notice,
        "page": settings.page,
        "fields": [
            {"name": field.name, "kind": field.kind, "why": field.why}
            for field in fields_of(settings)
        ],
        "settings": {name: getattr(settings, name) for name in (*_NUMBERS, "journal_days")},
    }


def _key(settings: Settings, endpoint: str) -> str:
    import zlib

    return f"{zlib.crc32(repr(description(settings, endpoint)).encode()):08x}"
