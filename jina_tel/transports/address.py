"""Where a request goes: the parts of an address, and where a redirect may lead from there.

``urllib.parse`` takes an address apart, but a plain one is read without it: its import brings
``re``, ``ipaddress`` and more, 7 ms of a bare process's exit.
"""

from __future__ import annotations

from .. import forks
from ..errors import TransportError
from .base import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PORTS = {"http": 80, "https": 443}
_DIGITS = frozenset("0123456789")
_IN_HOST = _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyz.-")
_IN_PATH = _IN_HOST | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ/_~")


class Target(Record):
    """Where a request goes.

    Attributes:
        scheme: ``http`` or ``https``.
        host: without brackets.
        port: 1-65535.
        path: with the query, as the request line has it.
        authority: host and port, as the Host header has them.
    """

    __slots__ = ("authority", "host", "path", "port", "scheme")

    def __init__(self, scheme: str, host: str, port: int, path: str, authority: str) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.authority = authority


def target_of(url: str) -> Target:
    """Return the parts of ``url``; raises ValueError where it is none that can be asked."""
    return _plain(url) or _parsed(url)


def _plain(url: str) -> Target | None:
    """Return the parts of ``scheme://host:port/path``, None for an address of another kind."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    host, colon, digits = authority.partition(":")
    if not (scheme in PORTS and host and _IN_HOST.issuperset(host) and _IN_PATH.issuperset(path)):
        return None
    port = PORTS[scheme]
    if colon:
        port = int(digits) if _DIGITS.issuperset(digits or "-") else 0
    return Target(scheme, host, port, f"/{path}", authority) if 0 < port < 65536 else None


def _parsed(url: str) -> Target:
    if not url.isascii():  # nor is urllib asked, which would import unicodedata
        raise ValueError(f"{url!r} holds what an address cannot hold")
    parts = _parse().urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url!r} is no address of a host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isprintable() or " " in path:
        raise ValueError(f"{url!r} holds what an address cannot hold")
    return Target(
        parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], path, parts.netloc
    )


def _parse() -> Any:
    return forks.load("urllib.parse")


def redirected(before: Target, location: str) -> Target:
    """Return where ``location`` leads: another path, or from http's own port to https's.

    Raises:
        TransportError: it leads elsewhere, and what we have to say is not meant for that.
    """
    if not location.isascii():
        raise _elsewhere(before)
    try:
        base = f"{before.scheme}://{before.authority}{before.path}"
        after = target_of(_parse().urljoin(base, location))
    except ValueError as error:
        raise _elsewhere(before) from error
    places = (before.scheme, before.port), (after.scheme, after.port)
    is_upgrade = places == (("http", 80), ("https", 443))
    if after.host != before.host or not (places[0] == places[1] or is_upgrade):
        raise _elsewhere(before)
    return after


def _elsewhere(before: Target) -> TransportError:
    said = f"{before.authority} redirects elsewhere, which is not followed"
    return TransportError(said, left=True)
