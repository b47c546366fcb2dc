"""``https://`` and ``http://``: a POST of gzipped NDJSON, and the answer read to its end.

Deadlines, proxies, TLS and redirects stand here; when to try again does not.
Sockets are the system's own (``_socket``), so gevent's patches do not reach our thread, and each
is asked whether it is still ours before it is used: a host may close all descriptors.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from .. import __version__
from ..errors import TransportError
from .base import USER_AGENT, Answer, Body
from .wire import Wire, connect, encrypt, response

REDIRECTS = 3
ANSWER_BYTES = 64 * 1024
_KEEPS_METHOD = (301, 302, 307, 308)  # the first two as curl --post301 does: ours is no form


class Target(NamedTuple):
    """Where a request goes.

    Attributes:
        url: the whole address.
        scheme: ``http`` or ``https``.
        host: without brackets.
        port: 1-65535.
        path: with the query, as the request line has it.
        authority: host and port, as the Host header has them.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str
    authority: str


def target_of(url: str) -> Target:
    """Return the parts of ``url``."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Target(url, parts.scheme, parts.hostname or "", port, path, parts.netloc)


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
            target = self._redirected(target, location)
        raise TransportError(f"{self._target.authority} redirects without end", left=True)

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _post(self, target: Target, body: Body, deadline: float) -> tuple[Answer, str | None]:
        kept, self._wire = self._wire, None
        if kept is not None:
            try:
                return self._exchange(kept, target, body, deadline)
            except (ConnectionError, http.client.RemoteDisconnected):
                kept.close()  # it ended between two bodies; a new one is no second attempt
        left = False
        try:
            wire = self._open(target, deadline)
            left = True
            return self._exchange(wire, target, body, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = type(error).__name__
            raise TransportError(f"{target.authority}: {reason}: {error}", left=left) from error

    def _exchange(
        self, wire: Wire, target: Target, body: Body, deadline: float
    ) -> tuple[Answer, str | None]:
        wire.deadline = deadline
        try:
            wire.send(request_bytes(target, body, self._token, proxy=wire.proxy_authorization))
            return self._answer(wire)
        except BaseException:
            wire.close()
            raise

    def _open(self, target: Target, deadline: float) -> Wire:
        proxy = proxy_for(target)
        if proxy is None:
            wire = connect(target.host, target.port, deadline)
        else:
            wire = _through(proxy, target, deadline)
        return encrypt(wire, target.host) if target.scheme == "https" else wire

    def _answer(self, wire: Wire) -> tuple[Answer, str | None]:
        answer = response(wire, "POST")
        content = answer.read(ANSWER_BYTES)
        if answer.will_close or not answer.isclosed():
            wire.close()
        else:
            self._wire = wire
        location = answer.getheader("Location") if answer.status in _KEEPS_METHOD else None
        wait = retry_after(answer.getheader("Retry-After"))
        return Answer(answer.status, wait, rejected_in(content)), location

    def _redirected(self, before: Target, location: str) -> Target:
        """A redirect may change the path, and http to https; nothing else."""
        self.close()
        after = target_of(urljoin(before.url, location))
        same = after.host == before.host and (after.port == before.port or before.scheme == "http")
        if not same or after.scheme not in ("https", before.scheme):
            raise TransportError(f"{before.authority} redirects elsewhere, which is not followed")
        return after


def request_bytes(target: Target, body: Body, token: str | None, proxy: str | None = None) -> bytes:
    """Return the whole request, as it leaves."""
    head = headers(target, body, token)
    path = target.path
    if proxy is not None and target.scheme == "http":
        path = target.url.partition("#")[0]
        head += [("Proxy-Authorization", proxy)] if proxy else []
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body.gzipped


def headers(target: Target, body: Body, token: str | None) -> list[tuple[str, str]]:
    """Return the headers of a request, in the order of the wire; no other is ever sent."""
    found = [
        ("Host", target.authority),
        ("User-Agent", f"{USER_AGENT}/{__version__}"),
        ("Content-Type", "application/x-ndjson"),
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
    if header.strip().isdecimal():
        return float(header)
    from email.utils import parsedate_to_datetime
    from time import time

    try:
        return max(parsedate_to_datetime(header).timestamp() - time(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def rejected_in(content: bytes) -> int:
    """Return how many lines the answer names as rejected: a list of them, or their number."""
    try:
        rejected = json.loads(content).get("rejected", 0)
    except (ValueError, AttributeError, RecursionError):
        return 0
    if isinstance(rejected, list):
        return len(rejected)
    return max(rejected, 0) if type(rejected) is int else 0


def proxy_for(target: Target) -> str | None:
    """Return the proxy that the environment's variables name for this target, or None."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass_environment

    proxies = getproxies_environment()
    if proxy_bypass_environment(target.authority, proxies):
        return None
    return proxies.get(target.scheme) or proxies.get("all")


def _through(proxy: str, target: Target, deadline: float) -> Wire:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        raise TransportError(f"only http:// proxies are supported, not {parts.scheme}://")
    wire = connect(parts.hostname, parts.port or 80, deadline)
    wire.proxy_authorization = _basic(parts.username, parts.password)
    if target.scheme == "https":
        _tunnel(wire, target)
    return wire


def _basic(name: str | None, password: str | None) -> str:
    if name is None:
        return ""
    pair = f"{unquote(name)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _tunnel(wire: Wire, target: Target) -> None:
    """Ask the proxy for a tunnel (RFC 9110, 9.3.6); what follows is between us and the target."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    head = f"CONNECT {host}:{target.port} HTTP/1.1\r\nHost: {host}:{target.port}\r\n"
    if wire.proxy_authorization:
        head += f"Proxy-Authorization: {wire.proxy_authorization}\r\n"
    wire.send(f"{head}\r\n".encode())
    status = response(wire, "CONNECT").status
    if status != 200:
        wire.close()
        raise TransportError(f"the proxy answered {status} to CONNECT")
    wire.proxy_authorization = None

