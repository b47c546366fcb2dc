"""``product.json``: what a product sends and where to, for the command line to read.

Written by the product at its first event on a machine, and complete: from this file alone the
command line says what may leave, and sends what waits. It tells the newest endpoint alone, so a
note stands beside each journal: ``jina-tel forget`` asks them all.
"""

from __future__ import annotations

import os

from . import files, folders, forks
from .facts import Choice, Count, Version
from .payload import fields_of
from .settings import Settings, checked_page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .facts import Fact
    from .payload import Field

FILE = "product.json"
FORMAT = 1
NOTE = "endpoint"

_NUMBERS = ("batch_events", "body_bytes", "events_per_minute", "exit_seconds", "journal_bytes")


class LaterError(ValueError):
    """A later version of jina_tel has written it: what it says is not guessed at."""


def describe(state: str, settings: Settings, endpoint: str) -> None:
    """Write the product's description into ``state``, unless it stands there already.

    Raises OSError.
    """
    path = os.path.join(state, FILE)
    key = _key(settings, endpoint)
    try:
        if key.encode() in files.read_bytes(path):
            return
    except OSError:
        pass  # not there, or nothing that can be read: written anew
    content = {"v": FORMAT, "key": key, **description(settings, endpoint)}
    forks.load("jina_tel.plain_json").store(path, content)


def note(folder: str, endpoint: str) -> None:
    """Write beside the journal in ``folder`` which endpoint it is for, unless that stands there.

    Raises OSError. Where the note is there, it costs one look.
    """
    path, text = os.path.join(folder, NOTE), endpoint.encode()
    try:
        if os.lstat(path).st_size == len(text):
            return
    except OSError:
        pass  # not there
    files.write_whole(path, text)


def noted(folder: str) -> str | None:
    """Return the endpoint of the journal in ``folder``, None where no note tells.

    The folder's name is the endpoint's hash, so a note of another endpoint is told from ours.
    """
    try:
        endpoint = files.read_bytes(os.path.join(folder, NOTE)).decode()
    except (OSError, ValueError):
        return None
    return endpoint if folders.is_journal_of(folder, endpoint) else None


def description(settings: Settings, endpoint: str) -> dict[str, Any]:
    """Return what a product sends and where to.

    Shape::

        {"product": "jina", "endpoint": "https://…", "notice": null, "page": null,
         "distributions": ["jina", …],
         "fields": [{"name": "jina", "kind": "version", "why": "…"},
                    {"name": "proto-backend", "kind": "choice", "why": "…", "values": ["cpp", …]},
                    {"name": "workers", "kind": "count", "why": "…", "most": 64}, …],
         "settings": {"journal_days": 30, …}}
    """
    return {
        "product": settings.product,
        "endpoint": endpoint,
        "notice": settings.notice,
        "page": settings.page,
        "distributions": list(settings.distributions),
        "fields": [_described(field) for field in fields_of(settings)],
        "settings": {name: getattr(settings, name) for name in (*_NUMBERS, "journal_days")},
    }


def load(state: str) -> Settings:
    """Return the settings of the product whose description stands in ``state``.

    They declare the same fields, but read no facts: every further fact is ``(unset)``.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        LaterError: a later version has written it.
        ValueError: it cannot be understood.
    """
    path = os.path.join(state, FILE)
    try:
        content = forks.load("jina_tel.plain_json").loads(files.read_bytes(path).decode())
        if content["v"] > FORMAT:
            raise LaterError(f"{path} was written by a later version; upgrade jina_tel")
        return _settings(content)
    except LaterError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} cannot be understood: {error}") from error


def _page(said: object) -> str | None:
    """Earlier versions took any text; what is no address is left out."""
    try:
        return None if said is None else checked_page(said)
    except ValueError:
        return None


def _settings(content: dict[str, Any]) -> Settings:
    distributions = tuple(content.get("distributions", ()))
    given = Settings(content["product"], distributions)
    known = {field.name for field in fields_of(given)}
    facts = {
        field["name"]: _fact(field) for field in content["fields"] if field["name"] not in known
    }
    numbers = {name: content["settings"][name] for name in (*_NUMBERS, "journal_days")}
    return Settings(
        content["product"],
        distributions,
        content["endpoint"],
        facts=facts,
        notice=content["notice"],
        page=_page(content["page"]),
        **numbers,
    )


def _described(field: Field) -> dict[str, Any]:
    content: dict[str, Any] = {"name": field.name, "kind": field.kind, "why": field.why}
    if field.kind == "choice":
        content["values"] = getattr(field.fact, "values", None)
    if field.kind == "count":
        content["most"] = getattr(field.fact, "most", None)
    return content


def _fact(field: dict[str, Any]) -> Fact:
    """Return the fact as far as it can be described: what it accepts and why, not its value."""
    kind, why = field["kind"], field["why"]
    if kind == "choice":
        return Choice(tuple(field["values"]), _nothing, why=why)
    if kind == "count":
        return Count(_nothing, most=field["most"], why=why)
    if kind == "version":
        return Version("_", why=why)  # which module's is not described
    raise ValueError(f"{kind!r} is no kind of a field that this version of jina_tel knows")


def _nothing() -> None:
    return None


def _key(settings: Settings, endpoint: str) -> str:
    forks.load("zlib")
    import zlib

    return f"{zlib.crc32(repr(description(settings, endpoint)).encode()):08x}"
