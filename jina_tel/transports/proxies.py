"""Which proxy stands between us and an endpoint, as the standard variables say.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in lower or upper case, as in
``urllib.request``, whose import alone would cost more than a delivery.
"""

from __future__ import annotations

from .. import forks
from ..errors import TransportError
from .base import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxy(Record):
    """A proxy.

    Attributes:
        host: without brackets.
        port: 1-65535.
        authorization: the value of ``Proxy-Authorization``, ``""`` without credentials.
    """

    __slots__ = ("authorization", "host", "port")

    def __init__(self, host: str, port: int, authorization: str) -> None:
        self.host = host
        self.port = port
        self.authorization = authorization


def proxy_for(scheme: str, host: str, authority: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy on the way to ``authority``, or None.

    Args:
        scheme: of the request, ``http`` or ``https``.
        host: the request's, without brackets.
        authority: its host and port, as in the address.

    Raises:
        TransportError: the variable names none that can be used; its text, which may hold a
            password, is not in the message.
    """
    text = _variable(f"{scheme}_proxy", environ) or _variable("all_proxy", environ)
    if not text or _is_bypassed(host, authority, _variable("no_proxy", environ)):
        return None
    proxy = _proxy(text if "://" in text else f"http://{text}")
    if proxy is None:
        raise TransportError(f"{scheme}_proxy holds no http://host:port, and no other is supported")
    return proxy


def _proxy(text: str) -> Proxy | None:
    if not text.isascii():
        forks.load("unicodedata")  # urllib would import it, without our gate
    try:
        parts = forks.load("urllib.parse").urlsplit(text)
        host, port = parts.hostname or "", parts.port or 80
        authorization = _basic(parts.username, parts.password)
    except ValueError:
        return None
    good = host and host.isascii() and parts.scheme == "http"
    return Proxy(host, port, authorization) if good else None


def _variable(name: str, environ: Mapping[str, str]) -> str:
    """Lower case comes first. In a CGI script HTTP_PROXY is a header that the client chose."""
    if name in environ or (name == "http_proxy" and "REQUEST_METHOD" in environ):
        return environ.get(name, "")
    return environ.get(name.upper(), "")


def _is_bypassed(host: str, authority: str, no_proxy: str) -> bool:
    names = (host.lower(), f"[{host.lower()}]", authority.lower())
    if no_proxy.strip() == "*":
        return True
    for entry in no_proxy.lower().split(","):
        bare = entry.strip().lstrip(".")
        if bare and any(name == bare or name.endswith(f".{bare}") for name in names):
            return True
    return False


def _basic(name: str | None, password: str | None) -> str:
    if name is None:
        return ""
    unquote, binascii = forks.load("urllib.parse").unquote, forks.load("binascii")
    pair = f"{unquote(name)}:{unquote(password or '')}"
    return f"Basic {binascii.b2a_base64(pair.encode(), newline=False).decode()}"
