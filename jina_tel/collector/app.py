"""What is served: the way in for lines, the way out for a uid, and how the collector is."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import identity
from ..settings import Settings
from . import openapi, otlp
from .access import Access, require_token
from .decode import Batch, Decoder
from .errors import StoreError
from .intake import BehindError, Intake
from .limits import BODY_LINES, Bodies
from .metrics import MEDIA_TYPE
from .options import Options
from .refusals import WAIT_SECONDS, RefusedError, fail, refuse, refuse_http, refuse_store
from .store.address import is_server

LINES = ("application/x-ndjson", "application/ndjson")
JSON = "application/json"
STORE_PROBLEM = "the store does not take what waits"
REMAINS_IN_FILE = "bytes in the store's file, until it is written anew"
REMAINS_ON_SERVERS = "rows on the store's servers, until they expire what is old, once a day"
REMAINS_FORWARDED = "what was forwarded is for its readers to delete"
ONWARD_PROBLEM = "what lines are forwarded to does not take them"

Endpoint = Callable[[Request], Awaitable[Response]]


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What ``jina-tel forget`` sends: the bytes whose hash is the uid prove that it is theirs."""

    product: str
    secret: str


class Collector:
    """The endpoints of one collector.

    Args:
        options: what was chosen.
        intake: where lines go.

    Raises:
        ValueError: a schema cannot be understood.
    """

    def __init__(self, options: Options, intake: Intake) -> None:
        self._options = options
        self._intake = intake
        self._metrics = intake.metrics
        self._bodies = Bodies()
        self._decoder = Decoder(
            options.schemas,
            options.stopped,
            keep_seconds=options.keep_seconds,
            today=intake.today,
        )
        self._ask = msgspec.json.Decoder(Ask).decode

    def routes(self) -> list[BaseRoute]:
        """Return where each is found."""
        return [
            Route("/v1/events", self._counted(self.events), methods=["POST"]),
            Route("/v1/logs", self._counted(self.logs), methods=["POST"]),
            Route("/v1/forget", self._counted(self.forget), methods=["POST"]),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
            *openapi.routes(self._options.schemas),
        ]

    async def events(self, request: Request) -> Response:
        """Take in NDJSON: 202 once what is accepted is on disk."""
        media_type(request, LINES)
        async with self._bodies.of(request) as body:
            lines = body.split(b"\n")
            if len(lines) > BODY_LINES + 1:
                raise RefusedError(413, f"over {BODY_LINES} lines")
            batch = await self._take(request, lines)
        return JSONResponse(said_of(batch), 202)

    async def logs(self, request: Request) -> Response:
        """Take in OTLP logs, JSON or protobuf: 200 once what is accepted is on disk."""
        encoding = otlp.ENCODINGS[media_type(request, tuple(otlp.ENCODINGS))]
        async with self._bodies.of(request) as body:
            lines = otlp.lines_of(encoding, body, self._decoder.fields, BODY_LINES)
            batch = await self._take(request, lines, full=503) if lines else Batch()
        return Response(otlp.answer(encoding, batch), media_type=encoding.media_type)

    async def forget(self, request: Request) -> Response:
        """Remove every row of the uid that is the hash of a secret, and say how many."""
        media_type(request, (JSON,))
        async with self._bodies.of(request) as body:
            product, uid = self._asked(body)
        try:
            deleted = await self._intake.forget(product, uid)
        except StoreError as error:
            why = f"not now: {STORE_PROBLEM}"
            raise RefusedError(503, why, retry_after=WAIT_SECONDS) from error
        return JSONResponse({"deleted": deleted, "remains": remains_of(self._options)})

    async def health(self, request: Request) -> Response:
        """Say whether all is well: 503 where what comes goes no further than to the disk.

        Where exactly it goes no further is for who may look at the page.
        """
        problem = self._intake.health
        if problem and not request.state.may_look(request.headers):
            problem = STORE_PROBLEM if self._intake.problem else ONWARD_PROBLEM
        return JSONResponse({"problem": problem or None}, 503 if problem else 200)

    async def metrics(self, request: Request) -> Response:
        """Return the counts, for Prometheus."""
        return Response(self._metrics.text(), headers={"Content-Type": MEDIA_TYPE})

    async def _take(self, request: Request, lines: Iterable[bytes], full: int = 507) -> Batch:
        """Write down what can be taken of a request; raises RefusedError where that is nothing.

        What cannot is charged to who sent it: such lines are short, and a request holds many. A
        full disk is told by the status ``full``: OTLP sends again after a 503 alone.
        """
        batch = self._decoder.batch(lines, time.time())
        self._count(batch)
        request.state.charge(batch.rejected_count)
        if batch.lines:
            await self._keep(b"\n".join([*batch.lines, b""]), full)
        elif batch.stopped:
            raise RefusedError(410, "this product is received no more")
        else:
            raise RefusedError(422, "no valid line", further=said_of(batch))
        for product, count in batch.taken.items():
            self._metrics.accepted.labels(product).inc(count)
        return batch

    def _count(self, batch: Batch) -> None:
        for product, count in batch.refused.items():
            self._metrics.rejected.labels(product).inc(count)
            self._intake.reject(product, count)
        if batch.lacking:
            self._metrics.missing.count(batch.lacking)

    async def _keep(self, content: bytes, full: int) -> None:
        try:
            await self._intake.keep(content)
        except BehindError as error:
            raise RefusedError(503, f"not now: {error}", retry_after=WAIT_SECONDS) from error
        except OSError as error:
            status = full if error.errno in (errno.ENOSPC, errno.EDQUOT) else 500
            why = f"nothing was kept: {error.strerror}"
            raise RefusedError(status, why, retry_after=WAIT_SECONDS) from error

    def _asked(self, body: bytes) -> tuple[str, int]:
        try:
            ask = self._ask(body)
            secret = bytes.fromhex(ask.secret)
            if len(secret) != identity.SECRET_BYTES:
                raise ValueError
            return Settings(ask.product).product, identity.uid(secret, ask.product)
        except (ValueError, RecursionError):
            wanted = '{"product": name, "secret": 64 hexadecimal digits} is wanted'
            raise RefusedError(400, wanted) from None

    def _counted(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint behind the token, each of its answers counted."""

        async def counted(request: Request) -> Response:
            try:
                require_token(request, self._options.token)
                response = await endpoint(request)
            except RefusedError as refusal:
                response = refusal.response()
            self._metrics.requests.labels(request.url.path, response.status_code).inc()
            return response

        return counted


def create(
    options: Options, intake: Intake, pages: Sequence[BaseRoute], begun: Callable[[], None]
) -> Starlette:
    """Return the application; it tells when it serves."""
    return Starlette(
        routes=[*Collector(options, intake).routes(), *pages],
        middleware=[
            Middleware(
                Access,
                options.per_second,
                options.password,
                public=options.public,
                names=options.names,
                is_own=options.is_own,
            )
        ],
        exception_handlers={
            RefusedError: refuse,
            StoreError: refuse_store,
            HTTPException: refuse_http,
            Exception: fail,
        },
        lifespan=_life_of(intake, begun),
    )


def _life_of(intake: Intake, begun: Callable[[], None]) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        """Load while we serve, and at the end what still waits."""
        loops = (intake.load_forever, intake.settle_forever)
        tasks = [asyncio.create_task(loop(), name=loop.__name__) for loop in loops]
        for task in tasks:
            task.add_done_callback(intake.tell_end)
        begun()
        yield
        for task in tasks:
            task.cancel()
        await intake.close()

    return life


def remains_of(options: Options) -> str:
    """Return what of a forgotten uid may still be on a disk: no answer holds any of it."""
    of_store = REMAINS_ON_SERVERS if is_server(options.store) else REMAINS_IN_FILE
    return of_store if options.forward is None else f"{of_store}; {REMAINS_FORWARDED}"


def media_type(request: Request, wanted: Sequence[str]) -> str:
    """Return the content type without its parameters; raises RefusedError for another."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in wanted:
        accept = {"Accept-Post": ", ".join(wanted)}
        raise RefusedError(415, f"content type {wanted[0]} is wanted", headers=accept)
    return given


def said_of(batch: Batch) -> dict[str, Any]:
    """Return what is answered: how many were accepted, and of the others number, why and count."""
    return {
        "accepted": len(batch.lines),
        "rejected": [{"line": line, "why": why} for line, why in batch.rejected],
        "rejected_count": batch.rejected_count,
    }
