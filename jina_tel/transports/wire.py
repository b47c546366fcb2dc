"""One connection: bytes out, bytes in, under one deadline.

A host may close all descriptors while we wait, and open files and sockets of its own. So nothing
here waits inside a call that goes on to read or write: each wait is a call of its own, and behind
it we look whether the descriptor is still ours (``files.Held``).
"""

from __future__ import annotations

import _socket
import errno
import os
import select

from .. import clock
from ..files import Held, Plugs, is_ours
from ..forks import original

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Where a host has given SIGPIPE back its default, a plain send to a closed connection would end it.
_NO_SIGNAL = getattr(_socket, "MSG_NOSIGNAL", 0)
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK)
_NEVER_WAITS = getattr(_socket, "SOCK_NONBLOCK", 0)


class Wire:
    """A socket.

    Attributes:
        deadline: the monotonic moment at which every wait ends.
        proxy_authorization: for a proxy on the way, ``""`` without credentials; None for no proxy.
    """

    def __init__(self, connection: _socket.socket, deadline: float) -> None:
        self.deadline = deadline
        self.proxy_authorization: str | None = None
        self._connection = connection
        try:
            self._held = Held(connection.fileno())
        except OSError:
            connection.detach()
            raise

    def connect(self, address: Any) -> None:
        """Connect; raises OSError, TimeoutError past the deadline."""
        failure = self._ours().connect_ex(address)
        if failure in _UNDER_WAY:
            self._wait(writing=True)
            failure = self._ours().getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if failure:
            raise OSError(failure, os.strerror(failure))

    def send(self, content: bytes) -> None:
        """Send all of it; raises OSError, TimeoutError past the deadline."""
        view = memoryview(content)
        while view:
            try:
                view = view[self._ours().send(view, _NO_SIGNAL) :]
            except BlockingIOError:
                self._wait(writing=True)

    def receive(self, most_bytes: int) -> bytes:
        """Return what came, ``b""`` at the end; raises OSError, TimeoutError past the deadline."""
        while True:
            try:
                return self._ours().recv(most_bytes)
            except BlockingIOError:
                self._wait(writing=False)

    def close(self) -> None:
        """Close it, and tell the other side even where a forked child holds a copy."""
        ours = self._held.forget()
        try:
            if ours:
                self._connection.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass
        number = self._connection.detach()
        if ours and is_ours(number):  # or it is the host's by now
            _socket.close(number)

    def _ours(self) -> _socket.socket:
        self._seconds_left()
        if not self._held.is_ours():
            raise OSError("the host has closed our connection")
        return self._connection

    def _wait(self, *, writing: bool) -> None:
        if not _is_ready_in(self._held.number, self._seconds_left(), writing=writing):
            raise TimeoutError("no answer in time")

    def _seconds_left(self) -> float:
        left = self.deadline - clock.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left


def _is_ready_in(number: int, seconds: float, *, writing: bool) -> bool:
    """Wait until it can be read from or written to; return False where that was too long."""
    if not hasattr(select, "poll"):  # Windows
        ways: tuple[list[int], list[int]] = ([], [number]) if writing else ([number], [])
        return any(original("select", "select")(*ways, [number], seconds))
    poll = original("select", "poll")()
    poll.register(number, select.POLLOUT if writing else select.POLLIN)
    return bool(poll.poll(seconds * 1000 + 1))


def connect(host: str, port: int, deadline: float) -> Wire:
    """Connect to the first address of ``host`` that takes us; raises OSError."""
    # As bytes: a str would go through the idna codec, which is an import.
    found = _socket.getaddrinfo(host.encode("ascii"), port, 0, _socket.SOCK_STREAM)
    return connect_to_first(found, deadline)


def connect_to_first(addresses: list[Any], deadline: float) -> Wire:
    """Connect to the first that takes us; each has its share of the time, for one may be mute.

    Args:
        addresses: as ``getaddrinfo`` returns them.
    """
    failure: OSError | None = None
    for count, (family, kind, protocol, _, address) in enumerate(addresses):
        now = clock.monotonic()
        try:
            wire = Wire(_new_socket(family, kind, protocol), deadline)
        except OSError as error:
            failure = error  # this system has no IPv6, for instance
            continue
        wire.deadline = now + (deadline - now) / (len(addresses) - count)
        try:
            wire.connect(address)
        except OSError as error:
            wire.close()
            failure = error
        else:
            wire.deadline = deadline
            return wire
    raise failure or OSError("the name has no address")


def _new_socket(family: int, kind: int, protocol: int) -> _socket.socket:
    """Return a socket that never waits, and has no number of a standard stream's."""
    made = _socket.socket(family, kind | _NEVER_WAITS, protocol)
    if made.fileno() < 3:
        with Plugs():
            low, made = made, _socket.socket(family, kind | _NEVER_WAITS, protocol)
        low.close()
    if not _NEVER_WAITS:
        made.settimeout(0.0)
    # Else a request waits behind the end of a TLS handshake until that is acknowledged: a way there
    # and back, and another 40 ms where the other side has nothing to say (Nagle, RFC 896).
    made.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    return made
