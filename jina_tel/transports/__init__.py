"""Ways for a body to leave: one request, one answer, and no policy.

When to try, and what an answer means, stands above, in ``delivery``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Transport

# What a delivery needs, leaf by leaf: the shipper imports each by itself, and a fork may come in
# between. A module that is imported already costs a look.
_ALWAYS = (
    "collections",
    "re",
    "typing",
    "json.scanner",
    "json.decoder",
    "json.encoder",
    "json",
    "zlib",
    "stat",
    "urllib.parse",
    "jina_tel.transports.base",
)
_LEAVES = (
    "base64",
    "binascii",
    "errno",
    "select",
    "datetime",
    "calendar",
    "random",
    "email.charset",
    "email.header",
    "email.utils",
    "email._policybase",
    "email.message",
    "email.feedparser",
    "email.parser",
    "selectors",
    "socket",
)
_TLS = ("enum", "warnings", "_ssl", "ssl")
_HTTP = (
    "http",
    "http.client",
    "jina_tel.transports.wire",
    "jina_tel.transports.proxies",
    "jina_tel.transports.http",
)


def modules_for(endpoint: str) -> tuple[str, ...]:
    """Return the names of all modules that sending to ``endpoint`` uses, in order of import."""
    if endpoint.startswith(("http://", "https://")):
        tls = _TLS if endpoint.startswith("https://") else ()
        return (*_ALWAYS, *_LEAVES, *tls, *_HTTP)
    return (*_ALWAYS, f"jina_tel.transports.{endpoint.partition(':')[0]}")


def transport_for(endpoint: str, token: str | None) -> Transport:
    """Return a transport to ``endpoint``; opens nothing."""
    if endpoint == "console:":
        from .console import ConsoleTransport

        return ConsoleTransport()
    if endpoint.startswith("file:"):
        from .file import FileTransport

        return FileTransport(endpoint)
    from .http import HttpTransport

    return HttpTransport(endpoint, token)
