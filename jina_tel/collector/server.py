"""Start a collector, and end it so that what it has taken is in the store."""

from __future__ import annotations

import errno
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from . import page
from .app import create
from .calendar import calendar_of
from .doorkeeper import Doorkeeper
from .errors import OptionError
from .intake import Intake
from .metrics import Metrics
from .onward import Forwarding, Nowhere, Onward
from .options import Options
from .page import PageOptions
from .privacy import privately
from .running import announced
from .segments import Segments
from .shapes import products_of
from .starting import Start
from .store import Store

FORWARD = "forward"  # in the folder of the segments
CONNECTIONS = 4096
KEEP_ALIVE_SECONDS = 5
NOT_OURS = (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN)
GRACE_SECONDS = 10  # for what is under way when it is asked to end


def serve(options: Options, listening: Callable[[str, str | None], None]) -> None:
    """Collect until SIGINT or SIGTERM; then load what waits, and end.

    Where it fails before it serves, it leaves nothing that it made.

    Args:
        options: what was chosen.
        listening: told the address, and the password where it is a kept one, once it serves.

    Raises:
        StoreError: the store cannot be used, or another collector has it.
        OSError: the address cannot be listened at, or the segments not be written.
        OptionError: a schema cannot be understood, or a setting of what lines go on to.
    """
    start, metrics = Start(), Metrics()
    with (
        ending(),
        privately(),
        start.folder(options.segments),
        start.alone(options.segments, options.store),
        bound(options) as listener,
        start.store(options) as store,
        onward_of(options, metrics, start, store) as onward,
        start.password(options.password_file) as kept,
    ):
        chosen = replace(options, password=kept or options.password)
        address = address_of(listener)

        def begun() -> None:
            start.has_served = True
            listening(address, kept)

        segments = Segments(options.segments)
        calendar = calendar_of(options.segments, store)
        intake = Intake(segments, store, metrics, options.keep_seconds, onward, calendar)
        with blamed("--schema"):
            app = create(chosen, intake, _pages(store, options, metrics), begun)
        with announced(options.store, address):
            _run(app, listener, options)


@contextmanager
def onward_of(options: Options, metrics: Metrics, start: Start, store: Store) -> Iterator[Onward]:
    """Have where segments go that the store has; raises OSError, OptionError."""
    if options.forward is None:
        yield Nowhere()
        return
    from .kafka import Kafka

    with blamed("--forward"):
        folder, sink = options.segments / FORWARD, Kafka(options.forward)
    with start.folder(folder):
        forwarding = Forwarding(folder, sink, metrics, store.forgotten)
        forwarding.start()
        try:
            yield forwarding
        finally:
            forwarding.close()


def _pages(store: Store, options: Options, metrics: Metrics) -> Sequence[BaseRoute]:
    known = tuple(products_of(options.schemas))
    where = PageOptions(
        public=options.public,
        folder=options.segments,
        products=known,
        told=metrics.missing.told,
    )
    return page.routes(store, where)


@contextmanager
def blamed(option: str) -> Iterator[None]:
    """Have a ValueError name the option that is read meanwhile."""
    try:
        yield
    except ValueError as error:
        raise OptionError(f"a {option} cannot be used: {error}") from error


@contextmanager
def ending() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, so that whatever is open is closed.

    uvicorn ends by the signal once more, and by its own way that is the end of the process.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def bound(options: Options) -> Iterator[socket.socket]:
    """Have the address; raises OSError that names it."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise OSError(error.errno, _why(error), where) from error
    with listener:
        yield listener


def _why(error: OSError) -> str:
    """Return why an address cannot be listened at, and what to give instead."""
    if error.errno in NOT_OURS:
        return "no address of this machine; give another --host"
    return f"{os.strerror(error.errno or 0)}; give another --port"


def address_of(listener: socket.socket) -> str:
    """Return what to type into a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run(app: Starlette, listener: socket.socket, options: Options) -> None:
    allow_files()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # not what strangers send
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Doorkeeper,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.proxies),
        forwarded_allow_ips=list(options.proxies),
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def allow_files() -> None:
    """Take as many open files as this user may have: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
