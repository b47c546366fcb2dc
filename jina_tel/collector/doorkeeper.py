"""One connection: what a request may take of time and memory before its body is read by us.

uvicorn bounds neither: without this, a header that never ends fills the memory, and a request that
comes a byte a minute is waited for for ever.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from ipaddress import ip_address, ip_network

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 15.0  # from its first byte to its last; its body alone has less
OVERHEAD_BYTES = 64 * 1024  # of a request, beside its body: line, headers, chunks' sizes, trailers
CONNECTIONS_EACH = 256  # of one address
TOO_MUCH = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n"


class Doorkeeper(HttpToolsProtocol):
    """uvicorn's connection, bounded."""

    _deadline: asyncio.TimerHandle | None = None
    _overhead_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, unless this address has connections enough."""
        super().connection_made(transport)
        self._begin()
        if self._count() > CONNECTIONS_EACH:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, while it is within bounds."""
        if self._deadline is None:
            self._begin()
        self._overhead_bytes += len(data)
        super().data_received(data)
        if self._overhead_bytes > OVERHEAD_BYTES and not self.transport.is_closing():
            self.transport.write(TOO_MUCH)
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Leave to the endpoint what is the body."""
        self._overhead_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have a whole request."""
        self._end()
        super().on_message_complete()

    def _begin(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _end(self) -> None:
        self._overhead_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _count(self) -> int:
        """Return how many connections this address has; that of a proxy counts as many."""
        address = (self.client or ("",))[0]
        if is_within(address, tuple(self.config.forwarded_allow_ips)):
            return 1
        ours = (other for other in self.connections if isinstance(other, Doorkeeper))
        return sum((other.client or ("",))[0] == address for other in ours)


@lru_cache(4096)
def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether an address is in one of the networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network) for network in networks)
