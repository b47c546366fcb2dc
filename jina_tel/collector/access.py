"""Who may do what: how often an address may ask, and who may look at the page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from functools import partial
from secrets import compare_digest

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .limits import LINES_OF_A_REQUEST, Rate
from .options import is_loopback
from .refusals import RefusedError

OPEN = ("/v1/", "/healthz", "/openapi", "/style.css", "/icon.svg")  # what needs no password
LINES = "/v1/"
OURS = ("/metrics",)  # what a public page still needs one for
HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::\d*)?")
HOST_CHARACTERS = 100  # of what is repeated
NO_LINES = (
    "this collector has no token, so it takes what is sent to localhost or a loopback address, "
    "and not to {}; start it with --name, behind a --proxy, or with a token"
)
NO_NAME = (
    "this page has no password, so it is shown to who asks for localhost or a loopback address, "
    "and not for {}; start the collector with --name or with a password"
)


def require_token(request: Request, token: str | None) -> None:
    """Raise RefusedError where the token for writing is not shown."""
    if token is None:
        return
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not same(shown.strip(), token):
        raise RefusedError(
            401, "a token is wanted", headers={"WWW-Authenticate": "Bearer"}, close=True
        )


class Access:
    """Lets a request pass, or answers it, before anything of it but its head is read.

    Args:
        app: what it passes to.
        per_second: requests of one address, 0 without a limit.
        password: of the page, None for none.
        public: the page itself needs none.
        names: of this machine, beside loopback's, by which it may be asked where no password is.
        is_own: lines come from programs of this machine alone, and show no token.
    """

    def __init__(
        self,
        app: ASGIApp,
        per_second: float,
        password: str | None,
        *,
        public: bool,
        names: Collection[str] = (),
        is_own: bool = False,
    ) -> None:
        self._app = app
        self._rate = Rate(per_second) if per_second else None
        self._password = password
        self._public = public
        self._names = frozenset(map(host_of, names))
        self._is_own = is_own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or say why not."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            state = scope.setdefault("state", {})
            state["may_look"] = self._may_look
            state["charge"] = partial(self._charge, scope)
            await self._app(scope, receive, send)
        else:
            await refusal.response()(scope, receive, send)

    def _refusal(self, scope: Scope) -> RefusedError | None:
        seconds = self._rate.wait_seconds(_address_of(scope)) if self._rate else 0
        if seconds:
            return RefusedError(429, "too many requests", retry_after=seconds, close=True)
        headers = Headers(scope=scope)
        if self._is_own and scope["path"].startswith(LINES):
            return self._misdirected(headers, NO_LINES)
        if not self._is_closed(scope["path"]):
            return None
        return self._misdirected(headers) if self._password is None else self._locked(headers)

    def _charge(self, scope: Scope, rejected_count: int) -> None:
        """Have lines that were rejected count as so many requests as they cost."""
        if self._rate:
            self._rate.charge(_address_of(scope), rejected_count // LINES_OF_A_REQUEST)

    def _may_look(self, headers: Headers) -> bool:
        """Tell whether this asker may know of the machine what no public page says."""
        if self._password is None:
            return not self._public and self._misdirected(headers) is None
        return self._shown(headers)

    def _is_closed(self, path: str) -> bool:
        if path.startswith(OPEN):
            return False
        return path.startswith(OURS) or not self._public

    def _misdirected(self, headers: Headers, why: str = NO_NAME) -> RefusedError | None:
        """Return why not, where the name by which it is asked is none of ours.

        A page of a stranger's, whose name leads to this machine once it has been loaded, asks by
        that name, and would send lines to it; a browser lets nobody choose another.
        """
        hosts = [host_of(text) for text in headers.getlist("host")]
        if hosts and all(is_loopback(host) or host in self._names for host in hosts):
            return None
        return RefusedError(421, why.format(", ".join(hosts)[:HOST_CHARACTERS] or "nobody"))

    def _locked(self, headers: Headers) -> RefusedError | None:
        if self._shown(headers):
            return None
        asked = {"WWW-Authenticate": 'Basic realm="telemetry", charset="UTF-8"'}
        return RefusedError(401, "a password is wanted, with any name", headers=asked)

    def _shown(self, headers: Mapping[str, str]) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(shown, validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        return kind.lower() == "basic" and same(given.partition(":")[2], self._password or "")


def _address_of(scope: Scope) -> str:
    address: str = (scope["client"] or ("",))[0]
    return address


def host_of(text: str) -> str:
    """Return the host of a ``Host`` header, without its port, brackets and last dot."""
    found = HOST.fullmatch(text.strip().lower())
    return found[1].strip("[]").removesuffix(".") if found else text


def same(shown: str, wanted: str) -> bool:
    """Compare in a time that tells nothing."""
    return compare_digest(shown.encode(), wanted.encode())
