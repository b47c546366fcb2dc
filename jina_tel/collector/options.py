"""What whoever starts a collector chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .kafka import Address

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Options:
    """One collector.

    Attributes:
        store: its address: a path, or a server's.
        segments: the folder of what the store does not have yet.
        host: the address to listen at.
        port: 0 takes a free one.
        schemas: of the products that are known.
        stopped: the products that are received no more.
        token: what whoever sends must show, None for nobody must.
        password: what whoever looks must show, None for nobody must.
        password_file: where a password is kept, and made at the first time; None for nowhere.
        public: the page is for all.
        names: of this machine, beside loopback's, that a page without a password answers to.
        store_password: of the user in a server's address, where that has none.
        keep_days: how old an event may become.
        per_second: how many requests a second one address may make, 0 for as many as it likes.
        forward: where lines go on to that the store has, None for nowhere.
        proxies: the networks whose word on where a request comes from is taken.
    """

    store: str = field(repr=False)  # a password may stand in it
    segments: Path
    host: str = "127.0.0.1"
    port: int = 8075
    schemas: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    stopped: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    password_file: str | None = None
    store_password: str | None = field(default=None, repr=False)
    public: bool = False
    names: tuple[str, ...] = ()
    keep_days: int = 400
    per_second: float = 100.0
    proxies: tuple[str, ...] = ()
    forward: Address | None = field(default=None, repr=False)

    @property
    def keep_seconds(self) -> float:
        """How old an event may become."""
        return self.keep_days * DAY_SECONDS

    @property
    def is_own(self) -> bool:
        """Whether lines come from programs of this machine alone, and show no token."""
        return self.token is None and not self.proxies and is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there; asks nobody."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
