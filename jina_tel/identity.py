"""Who sent it: the uid of a user, and the tree of processes that one run is.

A uid is made of random bytes and of nothing else. Never a MAC address, a user name or a machine
id, hashed or not: those can be enumerated.
"""

from __future__ import annotations

import os
import sys
import time

from . import files, private

try:
    from _blake2 import blake2b  # hashlib would load OpenSSL
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECRET_BYTES = 32
UID_BITS = 53  # what a reader of JSON keeps exactly
ATTEMPTS = 1000  # of 20 µs each, while others replace a torn file

_CARRIED = "jina_tel"
_imported_at = time.time()


class Tree:
    """The processes of one run: a root and its children by fork, spawn and forkserver.

    Attributes:
        began: when the root began, Unix seconds.
        secret: random bytes, the source of the uid where none can be kept.
        is_root: whether this process is the root.
    """

    __slots__ = ("began", "is_root", "secret")

    def __init__(self, began: float, secret: bytes, *, is_root: bool) -> None:
        self.began = began
        self.secret = secret
        self.is_root = is_root


_tree: Tree | None = None
_inherited: Tree | None = None  # of the process that forked this one


def tree() -> Tree:
    """Return the tree that this process belongs to; looked up at the first call, and kept."""
    global _tree
    if _tree is None:
        _tree = _carried_tree() or _inherited or _new_tree()
    return _tree


def _new_tree() -> Tree:
    return Tree(_process_began(), os.urandom(SECRET_BYTES), is_root=True)


def enter_child() -> None:
    """Note that this process is a forked child: of the same tree, but not its root.

    What it is handed comes first, though: a fork server that has preloaded our module is no part
    of the run whose processes it forks.
    """
    global _inherited, _tree
    known = tree()
    _inherited, _tree = Tree(known.began, known.secret, is_root=False), None


def uptime(at: float) -> str:
    """Return ``at`` (Unix seconds) in ISO 8601, UTC, no offset: ``2026-01-31T12:00:00.500000``."""
    whole, micro = divmod(int(at * 1_000_000), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micro:06d}"


def load_secret(folder: str) -> bytes:
    """Return the 32 bytes kept in ``folder``, made at the first call; safe for any number at once.

    A new file is linked into place, so the first of many processes wins and all read hers.
    Raises OSError where it cannot be kept.
    """
    path = os.path.join(folder, "uid")
    for _ in range(ATTEMPTS):
        secret = _read_secret(path)
        if secret is not None:
            return secret
        _link_secret(path)
    raise OSError(f"{path} holds no uid, and cannot be replaced")


def new_secret(folder: str) -> None:
    """Put 32 new bytes in the place of those kept in ``folder``; raises OSError."""
    private.own_folder(folder, levels=0)
    files.write_whole(os.path.join(folder, "uid"), os.urandom(SECRET_BYTES))


def kept_secret(folder: str) -> bytes | None:
    """Return the 32 bytes kept in ``folder``, None where none are; makes none. Raises OSError."""
    try:
        secret = files.read_bytes(os.path.join(folder, "uid"), SECRET_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return secret if len(secret) == SECRET_BYTES else None


def _read_secret(path: str) -> bytes | None:
    try:
        secret = files.read_bytes(path, SECRET_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(secret) == SECRET_BYTES:
        return secret
    _remove_torn(path)
    return None


def _remove_torn(path: str) -> None:
    """Remove a file that a hand or a power cut tore; linked files are whole.

    Others may be at the same, and one of them may have put a whole file there by now: so only
    who has the torn one alone, and still finds it there, removes it.
    """
    try:
        torn = files.Held(files.open_file(path, files.READ))
    except FileNotFoundError:
        return
    try:
        if files.seize(torn.number) and _is_torn(path, os.fstat(torn.number)):
            files.remove(path)
    finally:
        torn.close()


def _is_torn(path: str, opened: os.stat_result) -> bool:
    try:
        return opened.st_size != SECRET_BYTES and os.path.samestat(opened, os.lstat(path))
    except FileNotFoundError:
        return False  # somebody else has removed it


def _link_secret(path: str) -> None:
    private.own_folder(os.path.dirname(path), levels=0)
    beside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        files.write_new(beside, os.urandom(SECRET_BYTES))
        os.link(beside, path)
    except FileExistsError:
        pass  # another process was first: the next look reads what it wrote
    finally:
        files.remove(beside)


def secret_of_tree(product: str) -> bytes:
    """Return the secret of ``product`` for this tree alone, where no home can keep one."""
    return _blake2b(tree().secret, SECRET_BYTES, product.encode())


def uid(secret: bytes, product: str) -> int:
    """Return what leaves of the secret: 53 bits of its BLAKE2b, the product as the person."""
    digest = _blake2b(secret, 8, product.encode())
    return int.from_bytes(digest, "big") >> (64 - UID_BITS)


def session_id(event_id: str) -> str:
    """Return the session that this start opened: a hash of the event's id as a UUID, version 8.

    RFC 9562, 5.8: the bits of version and variant are set, the other 122 are the hash.
    """
    text = _blake2b(event_id.encode(), 16, b"session-id").hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def _blake2b(content: bytes, size: int, person: bytes) -> bytes:
    return bytes(blake2b(content, digest_size=size, person=person).digest())


class _Carrier:
    """What a multiprocessing child is handed: pickles as a plain dict, made when it is needed.

    A dict, so that a child whose environment lacks jina_tel can still be started.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        known = tree()
        return dict, ({"began": known.began, "secret": known.secret},)


def carry() -> None:
    """Let the children of multiprocessing in this process belong to our tree.

    Goes the way of ``authkey``: an entry in the current process's ``_config``, which each
    child copies. Nothing is put into the environment, so unrelated programs do not carry it.
    Does nothing before ``multiprocessing.process`` is imported.
    """
    config = _config()
    if config is not None:
        config.setdefault(_CARRIED, _Carrier())


def _config() -> dict[str, Any] | None:
    module = sys.modules.get("multiprocessing.process")
    try:
        config = module.current_process()._config  # type: ignore[union-attr]
    except AttributeError:
        return None
    return config if isinstance(config, dict) else None


def _carried_tree() -> Tree | None:
    carried = (_config() or {}).get(_CARRIED)
    if not isinstance(carried, dict):
        return None
    began, secret = carried.get("began"), carried.get("secret")
    if not isinstance(began, float) or not isinstance(secret, bytes):
        return None
    return Tree(began, secret, is_root=False)


def _process_began() -> float:
    """When this process began: of the kernel on Linux, elsewhere when we were imported."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.time() - (since_boot - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return _imported_at
