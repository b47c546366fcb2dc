"""What is given away whole: the events, and a copy of the store. Never on a public page."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ..store.archive import ALWAYS, Archive, ndjson
from ..store.base import Parameters
from ..store.columns import DAY_SECONDS
from .filters import EPOCH, FilterError, ProductError
from .report import products_of, require_known

NDJSON, PARQUET, BINARY = (
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/octet-stream",
)
PREFIX = "export-"
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Files:
    """The files of one store.

    Args:
        store: that they are made from.
        folder: where they are made, and removed once they have been sent.
        expected: products that are known though nothing of them may have come.
    """

    def __init__(self, store: Archive, folder: Path, expected: Collection[str] = ()) -> None:
        self._expected = expected
        self._store = store
        self._folder = folder
        for left in folder.glob(f"{PREFIX}*"):  # by a collector that was killed
            shutil.rmtree(left, ignore_errors=True)

    def routes(self) -> list[BaseRoute]:
        """Return where each is found."""
        return [
            Route("/export/events.ndjson", self._ndjson),
            Route("/export/events.parquet", self._parquet),
            Route("/copy.duckdb", self._copy),
        ]

    async def _ndjson(self, request: Request) -> Response:
        bounds = await run_in_threadpool(self._bounds, request)
        if isinstance(bounds, Response):
            return bounds
        return StreamingResponse(ndjson(self._store, bounds), headers=HEADERS, media_type=NDJSON)

    async def _parquet(self, request: Request) -> Response:
        bounds = await run_in_threadpool(self._bounds, request)
        if isinstance(bounds, Response):
            return bounds
        return await self._made(lambda path: self._store.parquet(path, bounds), PARQUET)

    def _bounds(self, request: Request) -> Parameters | Response:
        """Return which events are meant, or the answer that says why there are none."""
        asked = dict(request.query_params)
        try:
            bounds = bounds_of(asked)
            require_known(asked.get("product", ""), {*products_of(self._store), *self._expected})
        except FilterError as error:
            status = 404 if isinstance(error, ProductError) else 400
            return PlainTextResponse(f"{error}\n", status)
        return bounds

    async def _copy(self, _: Request) -> Response:
        return await self._made(self._store.copy, BINARY)

    async def _made(self, make: Callable[[str], None], media_type: str) -> Response:
        """Send a file that is made for this answer, and is removed after it."""
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._folder))
        try:
            await run_in_threadpool(make, str(folder / "file"))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        removal = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "file"
        return FileResponse(path, headers=HEADERS, media_type=media_type, background=removal)


def bounds_of(asked: Mapping[str, str]) -> Parameters:
    """Return which events are meant: ``product``, and the days ``since`` and ``until``."""
    unknown = [name for name in asked if name not in ("product", "since", "until")]
    if unknown:
        raise FilterError(f"{unknown[0][:40]!r}: only product, since and until are known here")
    bounds: dict[str, int | str] = {"product": asked.get("product", "")}
    for name, further in (("since", 0), ("until", 1)):
        if asked.get(name):
            bounds[name] = _second(name, asked[name], further)
    return {**ALWAYS, **bounds}


def _second(name: str, text: str, further: int) -> int:
    """Return when a day begins, or the one so many days ``further``, Unix seconds."""
    try:
        return (date.fromisoformat(text) + timedelta(days=further) - EPOCH).days * DAY_SECONDS
    except (ValueError, OverflowError):
        raise FilterError(f"{name}: a day like 2026-01-31 is wanted, not {text[:40]!r}") from None
