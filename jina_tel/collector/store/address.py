"""Where a store is: a path, or the address of a ClickHouse server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import StoreError

SCHEMES = {"clickhouse": 8123, "clickhouse+https": 8443}  # and their usual ports
WANTED = "clickhouse://USER@HOST:8123/DATABASE is wanted, or clickhouse+https:// for TLS"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Address:
    """A ClickHouse server, or one of a cluster, or what stands before them.

    Attributes:
        host: its name or number.
        port: of its HTTP interface.
        database: in which the tables are.
        user: who asks.
        password: of the user, None where the address has none.
        is_secure: over TLS, which is verified.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(repr=False)
    is_secure: bool

    @property
    def shown(self) -> str:
        """What may be printed: the address without the password."""
        scheme = "clickhouse+https" if self.is_secure else "clickhouse"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self.user}@{host}:{self.port}/{self.database}"


def is_server(store: str) -> bool:
    """Tell whether a store's address is that of a server, and not a path."""
    return "://" in store


def address_of(store: str) -> Address:
    """Return the parts of a server's address.

    Raises:
        StoreError: it is none; what is said does not hold what stands before the ``@``.
    """
    try:
        parts = urlsplit(store)
        port = parts.port
    except ValueError:
        raise StoreError(f"that is no address of a store: {WANTED}") from None
    database = parts.path.strip("/")
    if parts.scheme not in SCHEMES or not parts.hostname or parts.query or parts.fragment:
        raise StoreError(f"{parts.scheme}://…: that is no address of a store: {WANTED}")
    if not _NAME.fullmatch(database):
        raise StoreError(f"{database!r} cannot be a database's name: {WANTED}")
    return Address(
        host=parts.hostname,
        port=port or SCHEMES[parts.scheme],
        database=database,
        user=unquote(parts.username or "default"),
        password=None if parts.password is None else unquote(parts.password),
        is_secure=parts.scheme == "clickhouse+https",
    )


def shown(store: str) -> str:
    """Return a store's address as it may be printed: without a password."""
    return address_of(store).shown if is_server(store) else store


def beside(store: str) -> str:
    """Return what the names of the files begin with that a collector keeps beside its store.

    A server's are in the folder where the collector is started.
    """
    if not is_server(store):
        return store
    address = address_of(store)
    return f"{address.host}-{address.port}-{address.database}".replace(":", "-")
