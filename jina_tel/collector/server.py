"""Start a collector, and end it so that what it has taken is in the store."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from . import page
from .app import create
from .doorkeeper import Doorkeeper
from .errors import StoreError
from .intake import Intake
from .metrics import Metrics
from .onward import Forwarding, Nowhere, Onward
from .options import Options
from .page import PageOptions
from .running import announced
from .segments import Segments
from .shapes import products_of
from .store import Store, open_store
from .store.address import is_server, shown

FORWARD = "forward"  # in the folder of the segments
CONNECTIONS = 4096
KEEP_ALIVE_SECONDS = 5
NOT_OURS = (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN)
GRACE_SECONDS = 10  # for what is under way when it is asked to end


def serve(options: Options, listening: Callable[[str], None]) -> None:
    """Collect until SIGINT or SIGTERM; then load what waits, and end.

    Args:
        options: what was chosen.
        listening: told the address once requests are served.

    Raises:
        StoreError: the store cannot be used, or another collector has it.
        OSError: the address cannot be listened at, or the segments not be written.
        ValueError: a schema cannot be understood.
    """
    segments = Segments(options.segments)
    with (
        ending(),
        alone(segments.folder, shown(options.store)),
        bound(options) as listener,
    ):
        store = open_store(options.store, options.store_password)
        metrics = Metrics()
        try:
            with onward_of(options, metrics) as onward:
                intake = Intake(segments, store, metrics, options.keep_seconds, onward)
                pages = _pages(store, options)
                app = create(options, intake, pages, lambda: listening(address_of(listener)))
                with announced(segments.folder, address_of(listener)):
                    _run(app, listener, options)
        finally:
            store.close()


@contextmanager
def onward_of(options: Options, metrics: Metrics) -> Iterator[Onward]:
    """Have where segments go that the store has; raises OSError, ValueError for a bad setting."""
    if options.forward is None:
        yield Nowhere()
        return
    from .kafka import Kafka

    forwarding = Forwarding(options.segments / FORWARD, Kafka(options.forward), metrics)
    forwarding.start()
    try:
        yield forwarding
    finally:
        forwarding.close()


def _pages(store: Store, options: Options) -> Sequence[BaseRoute]:
    known = tuple(products_of(options.schemas))
    where = PageOptions(public=options.public, folder=options.segments, products=known)
    return page.routes(store, where)


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
def alone(folder: Path, store: str) -> Iterator[None]:
    """Be the only collector of these segments; raises StoreError where there is another."""
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(number, 32).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"{store}: another collector, process {pid}, has it; stop that one, or give "
                f"another {'--segments' if is_server(store) else '--store'}"
            ) from None
        os.truncate(number, 0)
        os.write(number, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(number)


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
