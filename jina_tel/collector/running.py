"""The collector that runs beside a store, found and asked by another process.

While a collector runs, its store belongs to it alone; so whoever else wants to read asks it.
"""

from __future__ import annotations

import base64
import http.client
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from .errors import StoreError, ViewError
from .store.address import is_server

SUFFIX = ".address"  # of the file beside the store's: its segments may be anywhere
SECONDS = 600.0  # to make a copy of a large store
USER = "jina-tel"
TEXT = "text/plain"
NO_VIEW = (http.client.BAD_REQUEST, http.client.NOT_FOUND)  # in plain text; else JSON


@contextmanager
def announced(store: str, address: str) -> Iterator[None]:
    """Have the collector's address stand beside its store for as long as it runs.

    Beside a file: a server answers to whoever reads, while collectors write to it.
    """
    if is_server(store):
        yield
        return
    path = _announcement(store)
    path.write_text(f"{address}\n", encoding="ascii")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def address_of(store: str) -> str | None:
    """Return where the collector of a store listens, None where none has said so."""
    try:
        return _announcement(store).read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def password_of(store: str, given: str | None) -> str | None:
    """Return the password of the page: the one that was given, else the one that is kept."""
    if given:
        return given
    try:
        return Path(f"{store}.password").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


@contextmanager
def asked(address: str, path: str, password: str | None) -> Iterator[http.client.HTTPResponse]:
    """Ask a collector for a page of its own.

    Raises:
        StoreError: it cannot be reached, or says no; ViewError where there is no such view.
    """
    parts = urlsplit(address)
    made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(made(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        try:
            connection.request("GET", path, headers=_headers(password))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(f"{address}: the collector does not answer: {error}") from error
        if response.status != http.client.OK:
            why = _why(response)
            if response.status in NO_VIEW and response.headers.get_content_type() == TEXT:
                raise ViewError(why)
            raise StoreError(f"{address}{path}: {response.status}, {why}")
        yield response


def fetch(address: str, path: str, password: str | None, to: Path) -> None:
    """Keep what a collector answers in a file."""
    with asked(address, path, password) as response, to.open("xb") as file:
        try:
            while piece := response.read(1 << 20):
                file.write(piece)
        except http.client.HTTPException as error:
            raise StoreError(f"{address}: the answer ended too early: {error}") from error
        file.flush()
        os.fsync(file.fileno())


def _announcement(store: str) -> Path:
    return Path(f"{store}{SUFFIX}")


def _headers(password: str | None) -> dict[str, str]:
    if password is None:
        return {}
    shown = base64.b64encode(f"{USER}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {shown}"}


def _why(response: http.client.HTTPResponse) -> str:
    if response.status == http.client.UNAUTHORIZED:
        return "the password of the page is wanted: JINA_TEL_COLLECTOR_PASSWORD"
    return response.read(300).decode("utf-8", "replace").strip() or response.reason
