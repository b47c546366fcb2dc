"""Ways for a body to leave, and which one an endpoint asks for: one request, no policy.

When to try, and what an answer means, stands above, in ``delivery``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Encoding, Transport

OTLP = "otlp+"  # ahead of an address: as an OpenTelemetry Collector wants it
# What a delivery needs, leaf by leaf: the shipper imports each by itself, and a fork may come in
# between. A module that is imported already costs a look.
_ALWAYS = ("zlib", "stat", "jina_tel.transports.base")
_LEAVES = ("errno", "select", "_socket")
_JSON = ("collections", "re", "json.scanner", "json.decoder", "json.encoder", "json")
_OTLP = (*_JSON, "urllib.parse", "calendar", "jina_tel.transports.otlp")
_HTTP = (
    "jina_tel.transports.wire",
    "jina_tel.transports.response",
    "jina_tel.transports.address",
    "jina_tel.transports.proxies",
    "jina_tel.transports.http",
)
_TLS = (
    *("collections", "re", "selectors", "socket", "binascii", "warnings", "_ssl", "ssl"),
    "jina_tel.transports.tls",
)


def modules_for(endpoint: str) -> tuple[str, ...]:
    """Return the names of all modules that sending to ``endpoint`` uses, in order of import."""
    address = http_address(endpoint)
    if address:
        tls = _TLS if address.startswith("https://") else ()
        further = () if address == endpoint else _OTLP
        return (*_ALWAYS, *_LEAVES, *_HTTP, *tls, *further)
    parse = ("urllib.parse",) if endpoint.startswith("file:") else ()
    return (*_ALWAYS, *parse, f"jina_tel.transports.{endpoint.partition(':')[0]}")


def http_address(endpoint: str) -> str:
    """Return the address that ``endpoint`` is asked at over HTTP, ``""`` where it is not."""
    address = endpoint[len(OTLP) :] if endpoint.startswith(OTLP) else endpoint
    return address if address.startswith(("http://", "https://")) else ""


def encoding_for(endpoint: str) -> Encoding:
    """Return how ``endpoint`` wants its bodies written."""
    if endpoint.startswith(OTLP):
        from .otlp import ENCODING

        return ENCODING
    from .base import NDJSON

    return NDJSON


def transport_for(endpoint: str, token: str | None) -> Transport:
    """Return a transport to ``endpoint``; opens nothing."""
    if endpoint == "console:":
        from .console import ConsoleTransport

        return ConsoleTransport()
    if endpoint.startswith("file:"):
        from .file import FileTransport

        return FileTransport(endpoint)
    if endpoint.startswith(OTLP):
        from .otlp import OtlpTransport

        return OtlpTransport(endpoint, token)
    from .http import HttpTransport

    return HttpTransport(endpoint, token)
