"""A wire within a wire: TLS, verified always, against the authorities that the system trusts.

It runs over memory buffers, so that OpenSSL, too, never writes to a number that the host has taken
over.
"""

from __future__ import annotations

import os
import ssl

from .wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PIECE_BYTES = 16 * 1024
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")  # by which another one is made


class EncryptedWire(Wire):
    """A wire within a wire: TLS over memory buffers."""

    def __init__(self, wire: Wire, context: ssl.SSLContext, host: str) -> None:
        self._below = wire
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name: Any = host.encode("ascii")  # the types know of a str alone
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.proxy_authorization = wire.proxy_authorization

    @property
    def deadline(self) -> float:
        """The deadline of the wire below."""
        return self._below.deadline

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._below.deadline = moment

    def shake_hands(self) -> None:
        """Agree on keys and check the certificate; raises ssl.SSLError."""
        self._run(self._tls.do_handshake)

    def send(self, content: bytes) -> None:
        """Send all of it."""
        view = memoryview(content)
        while view:
            view = view[self._run(lambda view=view: self._tls.write(view)) :]

    def receive(self, most_bytes: int) -> bytes:
        """Return what came, ``b""`` at the end."""
        try:
            received: bytes = self._run(lambda: self._tls.read(most_bytes))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        return received

    def close(self) -> None:
        """Close the wire below."""
        self._below.close()

    def _run(self, step: Any) -> Any:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        content = self._outgoing.read()
        if content:
            self._below.send(content)

    def _fill(self) -> None:
        content = self._below.receive(PIECE_BYTES)
        if content:
            self._incoming.write(content)
        else:
            self._incoming.write_eof()


def encrypted(wire: Wire, host: str) -> Wire:
    """Return the wire under TLS; closed where there is no agreement.

    Trusted is what ``ssl.create_default_context`` trusts; ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``
    stand in the place of the system's own.

    Raises:
        OSError: no context can be made, there is no agreement (``ssl.SSLError``), or the
            certificate is not one to be trusted.
    """
    try:
        made = EncryptedWire(wire, _context(), host)
        made.shake_hands()
    except BaseException as error:
        wire.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            _contexts.pop(_key(), None)  # the system may trust others by now
        raise
    return made


# One a process, for to read the system's authorities takes 16 ms, and OpenSSL reads them through a
# descriptor that we cannot ask whether it is still ours. A forked child has one of its own: in the
# parent's a lock may have been held.
_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}


def _context() -> ssl.SSLContext:
    key = _key()
    known = _contexts.get(key)
    if known is None:
        known = _contexts[key] = ssl.create_default_context()
    return known


def _key() -> tuple[object, ...]:
    return os.getpid(), *map(os.environ.get, _VARIABLES)
