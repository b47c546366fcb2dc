"""What a product's author chose, checked; building a value touches nothing."""

from __future__ import annotations

from .facts import Choice, Count, Version
from .variables import TESTING, Variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .facts import Fact

SCHEMES = ("https://", "http://", "otlp+https://", "otlp+http://", "file:///")
WORDS = ("console:", "memory:")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COMMON = (  # the keys of every payload; what they are is declared in payload
    "architecture ci-vendor event platform platform-release platform-version processor python"
    " session-id uid uptime"
).split()
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")

_NUMBERS = {
    # name: (default, least, most); the unit stands in the name
    "journal_bytes": (16 * 1024 * 1024, 4096, 1 << 40),
    "journal_days": (30, 1, 3650),
    "events_per_minute": (60, 1, 1_000_000_000),
    "exit_seconds": (0.3, 0, 60),
    "batch_events": (1000, 1, 100_000),
    "body_bytes": (512 * 1024, 4096, 1 << 30),
}


class Settings:
    """One product's settings, checked.

    Args:
        product: ``[a-z][a-z0-9-]{0,15}``.
        distributions: names of installed distributions whose versions are sent.
        endpoint: where events go; None means nowhere, and telemetry is off.
        facts: further facts by the key that they have in the payload.
        notice: the text shown once on a terminal; None for ours, ``""`` for none.
        page: the address of the page that tells users more.
        numbers: ``journal_bytes`` (4 KiB or more), ``journal_days`` (1-3650),
            ``events_per_minute`` of one name from one process, ``exit_seconds`` (0-60),
            ``batch_events`` and ``body_bytes`` (before gzip) of one request.

    Raises:
        ValueError: an argument is not of that form; the message says which and what is wanted.
    """

    __slots__ = (
        "batch_events",
        "body_bytes",
        "distributions",
        "endpoint",
        "events_per_minute",
        "exit_seconds",
        "facts",
        "journal_bytes",
        "journal_days",
        "notice",
        "page",
        "product",
        "variables",
    )

    batch_events: int
    body_bytes: int
    events_per_minute: int
    exit_seconds: float
    journal_bytes: int
    journal_days: float

    def __init__(
        self,
        product: str,
        distributions: Iterable[str] = (),
        endpoint: str | None = None,
        *,
        facts: Mapping[str, Fact] | None = None,
        notice: str | None = None,
        page: str | None = None,
        **numbers: float,
    ) -> None:
        self.product = _product(product)
        self.distributions = _distributions(distributions)
        self.endpoint = None if endpoint is None else checked_endpoint(endpoint)
        self.facts = _facts(facts or {})
        _refuse_twice(self.distributions, self.facts)
        self.notice = _notice(notice)
        self.page = None if page is None else checked_page(page)
        for name, (default, least, most) in _NUMBERS.items():
            setattr(self, name, _number(name, numbers.pop(name, default), least, most))
        if numbers:
            raise ValueError(f"there is no setting {', '.join(sorted(numbers))}")
        self.variables = Variables(product)

    def changed(self, **changes: Any) -> Settings:
        """Return these settings with some of them changed; raises ValueError as the constructor."""
        kept = {name: getattr(self, name) for name in self.__slots__ if name != "variables"}
        unknown = sorted(set(changes) - set(kept))
        if unknown:
            raise ValueError(f"there is no setting {', '.join(unknown)}; there are {sorted(kept)}")
        return Settings(**{**kept, **changes})


def checked_endpoint(endpoint: object) -> str:
    """Return ``endpoint`` if events can be sent there; raise ValueError otherwise."""
    if not isinstance(endpoint, str) or not is_endpoint(endpoint):
        raise ValueError(
            f"endpoint: {endpoint!r} is no address that events can be sent to; "
            "https://…, http://…, both also behind otlp+, file:///…, console: and memory: are"
        )
    return endpoint


def is_endpoint(text: str) -> bool:
    """Tell whether ``text`` has the form of an endpoint; asks no network."""
    if text in WORDS:
        return True
    scheme = next((scheme for scheme in SCHEMES if text.startswith(scheme)), None)
    if scheme is None or not (text.isascii() and text.isprintable()) or " " in text:
        return False
    if "%00" in text:  # no system call takes it
        return False
    rest = text[len(scheme) :]
    return bool(rest) if scheme == "file:///" else _is_host(rest.split("/", 1)[0].split("?", 1)[0])


def _is_host(authority: str) -> bool:
    """A name or address, perhaps a port; a user and password belong into the token's variable."""
    before, bracket, rest = authority.rpartition("]")
    host, colon, port = rest.partition(":")
    if bracket:
        known = not host and before.startswith("[") and _is_ipv6(before[1:])
    else:
        known = bool(host) and _HOST.issuperset(host)
    return known and (not colon or _is_port(port))


def _is_ipv6(text: str) -> bool:
    from _socket import AF_INET6, inet_pton

    try:
        return len(inet_pton(AF_INET6, text)) == 16
    except OSError:
        return False


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536


def is_loopback(endpoint: str) -> bool:
    """Tell whether ``endpoint`` stays on this machine by its text alone."""
    if endpoint.startswith(("file:", "console:", "memory:")):
        return True
    authority = endpoint.partition("://")[2].split("/", 1)[0]
    host = authority if authority.endswith("]") else authority.partition(":")[0]
    return host in LOOPBACK or authority.startswith("[::1]:")


def endpoint_of(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """Return where events go, or None: the user's variable first, then what the author chose.

    While ``JINA_TEL_TESTING`` is set (our pytest plugin sets it), any endpoint that is not on
    loopback is taken as ``memory:``, so a test suite sends nothing.
    """
    given = environ.get(settings.variables.endpoint)
    if given == "":
        return None
    endpoint = settings.endpoint if given is None else given
    if environ.get(TESTING) and not (endpoint and is_loopback(endpoint)):
        return "memory:"
    return endpoint


def _product(product: object) -> str:
    if isinstance(product, str) and 1 <= len(product) <= 16 and product.isascii():
        rest = product.replace("-", "")
        if product[0].isalpha() and rest.isalnum() and product == product.lower():
            return product
    raise ValueError(f"product: [a-z][a-z0-9-]{{0,15}} is wanted, not {product!r}")


def _distributions(names: object) -> tuple[str, ...]:
    found = tuple(names) if hasattr(names, "__iter__") and not isinstance(names, str) else ("",)
    if all(map(_is_distribution, found)):
        return found
    raise ValueError(f"distributions: a tuple of distribution names is wanted, not {names!r}")


def _is_distribution(name: object) -> bool:
    """A name as PEP 508 has it, of at most 64 characters."""
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not name.isascii():
        return False
    bare = name.replace("-", "").replace("_", "").replace(".", "")
    return bare.isalnum() and name[0].isalnum() and name[-1].isalnum()


def _facts(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    try:
        given = dict(facts)
    except (TypeError, ValueError):
        raise ValueError(f"facts: facts by their key are wanted, not {facts!r}") from None
    for key, fact in given.items():
        if not _is_distribution(key):
            raise ValueError(f"facts: {key!r} cannot be a key of the payload")
        if not isinstance(fact, (Choice, Count, Version)):
            raise ValueError(f"facts: {key!r} is {fact!r}, and not a fact of jina_tel.facts")
    return given


def _refuse_twice(distributions: tuple[str, ...], facts: dict[str, Fact]) -> None:
    for key in (*distributions, *facts):
        if key in COMMON or (key in facts and key in distributions):
            raise ValueError(f"{key!r} is in the payload already")


def _notice(text: object) -> str | None:
    if text is not None and not isinstance(text, str):
        raise ValueError(f"notice: text is wanted, not {text!r}")
    return text


def checked_page(page: object) -> str:
    """Return the address of a page; raises ValueError where it is none."""
    text = page.replace("#", "?", 1) if isinstance(page, str) else ""  # no endpoint has a fragment
    if text.startswith(("https://", "http://")) and is_endpoint(text):
        return str(page)
    raise ValueError(f"page: an address, https://… or http://…, is wanted, not {page!r}")


def _number(name: str, value: object, least: float, most: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # type: ignore[operator]  # it is a number
        raise ValueError(f"{name}: a number from {least} to {most} is wanted, not {value!r}")
    if isinstance(value, float) and name not in ("exit_seconds", "journal_days"):
        raise ValueError(f"{name}: a whole number is wanted, not {value!r}")
    return value  # type: ignore[return-value]  # it is a number
