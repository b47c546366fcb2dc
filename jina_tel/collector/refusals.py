"""A request that is refused: the status, and why, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

WAIT_SECONDS = 30  # where the disk is full, or the store behind


class RefusedError(Exception):
    """A request cannot be served.

    Args:
        status: 4xx or 5xx.
        why: said to whoever asked.
        retry_after: seconds after which to come again; None says nothing of it.
        close: end the connection, for there is more on it that nobody will read.
        headers: further ones.
        further: what the answer holds beside the error.
    """

    def __init__(
        self,
        status: int,
        why: str,
        *,
        retry_after: int | None = None,
        close: bool = False,
        headers: Mapping[str, str] | None = None,
        further: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.further = further or {}
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        if close:
            self.headers["Connection"] = "close"

    def response(self) -> Response:
        """Return what is answered."""
        content = {"error": str(self), **self.further}
        return JSONResponse(content, self.status, self.headers)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer with a refusal."""
    assert isinstance(error, RefusedError)
    return error.response()


async def refuse_http(request: Request, error: Exception) -> Response:
    """Answer in JSON where Starlette refuses: no such page, or not with this method."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def refuse_store(request: Request, error: Exception) -> Response:
    """Answer where the store does not, and say why to who may look at the page.

    At ``/healthz`` that stands only where the store does not take what waits, either.
    """
    why = f": {error}" if request.state.may_look(request.headers) else ""
    text = f"the store does not answer now{why}"
    return RefusedError(503, text, retry_after=WAIT_SECONDS).response()


async def fail(request: Request, error: Exception) -> Response:
    """Answer where an error is ours; what it was stands in the log."""
    return JSONResponse({"error": "an error of the collector's own"}, 500)
