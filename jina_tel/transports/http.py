"""``https://`` and ``http://``: a POST of gzipped NDJSON, and the answer read to its end.

Deadlines and proxies stand here; when to try again does not.
Sockets are the system's own (``_socket``), so gevent's patches do not reach our thread, and each
is asked whether it is still ours before it is used: a host may close all descriptors.
"""

from __future__ import annotations

import os

from .. import __version__, clock, forks, plain_json
from ..errors import TransportError
from .address import Target, redirected, target_of
from .base import USER_AGENT, Answer, Body
from .proxies import Proxy, proxy_for
from .response import read_response
from .wire import Wire, connect

REDIRECTS = 3
_KEEPS_METHOD = (301, 302, 307, 308)  # the first two as curl --post301 does: ours is no form


class HttpTransport:
    """Sends bodies to one endpoint; keeps the connection between the bodies of one delivery.

    Args:
        endpoint: an ``https://`` or ``http://`` address.
        token: sent as ``Authorization: Bearer``, or None.
    """

    def __init__(self, endpoint: str, token: str | None) -> None:
        self._target = target_of(endpoint)
        self._token = token
        self._wire: Wire | None = None
        self.handed_over = self.took = 0.0

    def request(self, body: Body) -> bytes:
        """Return what ``send`` would send now, every byte of it; sends nothing."""
        proxy = _proxy_of(self._target)
        passed = None if proxy is None else proxy.authorization
        return request_bytes(self._target, body, self._token, proxy=passed)

    def send(self, body: Body, deadline: float) -> Answer:
        """POST the body before the monotonic ``deadline``.

        Raises:
            TransportError: no answer came, not all of it, or a redirect that is not followed.
        """
        target = self._target
        for _ in range(REDIRECTS + 1):
            answer, location = self._post(target, body, deadline)
            if location is None:
                return answer
            self.close()
            target = redirected(target, location)
        raise TransportError(f"{self._target.authority} redirects without end", left=True)

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _post(self, target: Target, body: Body, deadline: float) -> tuple[Answer, str | None]:
        wire, self._wire = self._wire, None
        left = wire is not None
        try:
            if wire is not None:
                try:
                    return self._exchange(wire, target, body, deadline)
                except ConnectionError:
                    pass  # it ended between two bodies; a new one is no second attempt
            wire = self._open(target, deadline)
            left = True
            return self._exchange(wire, target, body, deadline)
        except (OSError, ValueError) as error:
            reason = type(error).__name__
            raise TransportError(f"{target.authority}: {reason}: {error}", left=left) from error
        except TransportError as error:
            raise TransportError(str(error), left=left) from error

    def _exchange(
        self, wire: Wire, target: Target, body: Body, deadline: float
    ) -> tuple[Answer, str | None]:
        wire.deadline = deadline
        request = request_bytes(target, body, self._token, proxy=wire.proxy_authorization)
        try:
            try:
                wire.send(request)
            except ConnectionError:
                pass  # it may have answered, 413 for instance, and closed before it had all of it
            self.handed_over = clock.monotonic()
            return self._answer(wire)
        except BaseException:
            wire.close()
            raise
        finally:
            self.handed_over = 0.0

    def _open(self, target: Target, deadline: float) -> Wire:
        wire = _reach(target, deadline)
        if target.scheme == "https":
            wire = forks.load("jina_tel.transports.tls").encrypted(wire, target.host)
        return wire

    def _answer(self, wire: Wire) -> tuple[Answer, str | None]:
        came = read_response(wire)
        if came.stays:
            self._wire = wire
        else:
            wire.close()
        location = came.headers.get("location") if came.status in _KEEPS_METHOD else None
        wait = retry_after(came.headers.get("retry-after"))
        self.took = clock.monotonic() - self.handed_over
        return Answer(came.status, wait, self._rejected_in(came.content), came.content), location

    def _rejected_in(self, content: bytes) -> int:
        return rejected_in(content)


def request_bytes(target: Target, body: Body, token: str | None, proxy: str | None = None) -> bytes:
    """Return the whole request, as it leaves."""
    head = headers(target, body, token)
    path = target.path
    if proxy is not None and target.scheme == "http":
        path = f"http://{target.authority}{target.path}"
        head += [("Proxy-Authorization", proxy)] if proxy else []
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body.gzipped


def headers(target: Target, body: Body, token: str | None) -> list[tuple[str, str]]:
    """Return the headers of a request, in the order of the wire; no other is ever sent."""
    found = [
        ("Host", target.authority),
        ("User-Agent", f"{USER_AGENT}/{__version__}"),
        ("Content-Type", body.content_type),
        ("Content-Encoding", "gzip"),
        ("Content-Length", str(len(body.gzipped))),
        ("Accept", "application/json"),
    ]
    if token and token.isascii() and token.isprintable():
        found.append(("Authorization", f"Bearer {token}"))
    return found


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given in seconds or as a date (RFC 9110)."""
    if header is None:
        return None
    seconds = header.strip()  # str knows more kinds of space than float
    if seconds.isdecimal():
        return float(seconds)
    for module in ("calendar", "email.utils"):  # the second imports the first when it is called
        forks.load(module)
    from email.utils import mktime_tz, parsedate_tz
    from time import time

    try:
        parsed = parsedate_tz(header)
        return None if parsed is None else max(mktime_tz(parsed) - time(), 0.0)
    except (IndexError, TypeError, ValueError, OverflowError):
        return None


def rejected_in(content: bytes) -> int:
    """Return how many lines the answer says are rejected: their number, or a list of them.

    Of many, the list holds the first, and ``rejected_count`` beside it tells how many there are.
    """
    if b'"rejected"' not in content:
        return 0  # most say nothing, and need no reading
    try:
        answer = plain_json.loads(content)
        rejected, count = answer.get("rejected", 0), answer.get("rejected_count")
    except (ValueError, AttributeError, RecursionError):
        return 0
    found = count if type(count) is int else rejected
    if isinstance(found, list):
        return len(found)
    return max(found, 0) if type(found) is int else 0


def _proxy_of(target: Target) -> Proxy | None:
    return proxy_for(target.scheme, target.host, target.authority, os.environ)


def _reach(target: Target, deadline: float) -> Wire:
    """Return a wire to ``target``, through the proxy that there is."""
    proxy = _proxy_of(target)
    if proxy is None:
        return connect(target.host, target.port, deadline)
    return _through(proxy, target, deadline)


def _through(proxy: Proxy, target: Target, deadline: float) -> Wire:
    wire = connect(proxy.host, proxy.port, deadline)
    wire.proxy_authorization = proxy.authorization
    if target.scheme == "https":
        try:
            _tunnel(wire, target)
        except BaseException:
            wire.close()
            raise
    return wire


def _tunnel(wire: Wire, target: Target) -> None:
    """Ask the proxy for a tunnel (RFC 9110, 9.3.6); what follows is between us and the target."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    head = f"CONNECT {host}:{target.port} HTTP/1.1\r\nHost: {host}:{target.port}\r\n"
    if wire.proxy_authorization:
        head += f"Proxy-Authorization: {wire.proxy_authorization}\r\n"
    wire.send(f"{head}\r\n".encode())
    status = read_response(wire, to_connect=True).status
    if not 200 <= status < 300:
        raise TransportError(f"the proxy answered {status} to CONNECT")
