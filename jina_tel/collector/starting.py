"""What a start makes beside what it serves, and takes back where it does not come to serve.

Each is taken back while what keeps others away is still held: the folder's lock, or the store's.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from .. import files
from .errors import StoreError
from .options import Options
from .store import Archive, open_store
from .store.address import is_server, shown

LOCK = "lock"  # in the folder of the segments
PASSWORD_BYTES = 18
BESIDE = ("", ".wal", ".tmp")  # what DuckDB makes


class Start:
    """One start of a collector.

    Attributes:
        has_served: what was made stays from then on.
    """

    def __init__(self) -> None:
        self.has_served = False

    @contextmanager
    def folder(self, path: Path) -> Iterator[None]:
        """Have a folder, 0700 where it is new; raises OSError."""
        remove = path.rmdir
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            remove = _nothing
        with self._taking_back(remove):
            yield

    @contextmanager
    def alone(self, folder: Path, store: str) -> Iterator[None]:
        """Be the only collector of these segments; raises StoreError where there is another."""
        path = folder / LOCK
        number, is_new = _locked(path, store)
        try:
            with self._taking_back(path.unlink if is_new else _nothing):
                os.truncate(number, 0)
                os.write(number, f"{os.getpid()}\n".encode())
                yield
        finally:
            os.close(number)

    @contextmanager
    def store(self, options: Options) -> Iterator[Archive]:
        """Have the store open, made where it is a file that is not there; raises StoreError."""
        path = options.store
        is_new = not is_server(path) and not os.path.lexists(path)
        store = open_store(path, options.store_password)
        with self._taking_back(partial(_remove, path) if is_new else _nothing), closing(store):
            yield store

    @contextmanager
    def password(self, path: str | None) -> Iterator[str | None]:
        """Have the password that is kept there, made at the first time.

        Raises:
            OSError: it cannot be read or written.
            StoreError: the file is empty, or no text.
        """
        if path is None:
            yield None
            return
        remove: Callable[[], None] = partial(os.unlink, path)
        try:
            files.write_new(path, secrets.token_urlsafe(PASSWORD_BYTES).encode())
        except FileExistsError:
            remove = _nothing
        with self._taking_back(remove):
            yield _password_in(path)

    @contextmanager
    def _taking_back(self, remove: Callable[[], None]) -> Iterator[None]:
        try:
            yield
        finally:
            if not self.has_served:
                with suppress(OSError):  # others use it, and it stays
                    remove()


def _nothing() -> None:
    """Leave what was there before."""


def _password_in(path: str) -> str:
    try:
        found = files.read_bytes(path).decode().strip()
    except UnicodeDecodeError:
        found = ""
    if not found:  # which would be none, and the page open
        raise StoreError(f"{path}: there is no password in it; write one, or remove the file")
    return found


def _remove(store: str) -> None:
    for suffix in BESIDE:
        path = f"{store}{suffix}"
        shutil.rmtree(path) if os.path.isdir(path) else Path(path).unlink(missing_ok=True)


def _locked(path: Path, store: str) -> tuple[int, bool]:
    """Return a descriptor that holds the lock, and whether its file is new."""
    while True:
        number, is_new = _opened(path)
        try:
            _seize(number, store)
            if is_still(number, path):
                return number, is_new
        except BaseException:
            os.close(number)
            raise
        os.close(number)  # that of a start that has failed meanwhile, and taken it back


def _opened(path: Path) -> tuple[int, bool]:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_EXCL, 0o600), True
    except FileExistsError:
        return os.open(path, flags, 0o600), False


def _seize(number: int, store: str) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(number, 32).decode("ascii", "replace").strip() or "unknown"
        raise StoreError(
            f"{shown(store)}: another collector, process {pid}, has it; stop that one, or give "
            f"another {'--segments' if is_server(store) else '--store'}"
        ) from None


def is_still(number: int, path: Path) -> bool:
    """Tell whether an open file is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False
