"""The answers that users and administrators have stored: ``consent.json``, read fail-closed.

Shape of a user's file, and of an administrator's, where ``products`` may name single ones::

    {"v": 1, "answer": "off", "at": "2026-01-31T12:00:00Z"}
    {"v": 1, "answer": "off"}        {"v": 1, "products": {"jina": "off"}}

What cannot be read or understood counts as off. A file that is not there is no answer.
A later format (``v`` above 1) is respected as far as its ``answer`` can be read, and counts as
off where it holds none that we know.
"""

from __future__ import annotations

import errno
import os

from . import files, forks, private, signals
from .consent import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .folders import Folders

FILE = "consent.json"
FORMAT = 1
LOCK_SECONDS = 5.0
MOST_BYTES = 64 * 1024  # a larger file is none of ours

_NOTHING = object()


def site(folders: Folders, product: str) -> Answer | None:
    """Return the administrators' answer; an off in any of their folders holds."""
    given = [_read(os.path.join(folder, FILE), product) for folder in folders.site]
    answers = [answer for answer in given if answer is not None]
    return next((answer for answer in answers if answer.says != "on"), None)


def stored(folders: Folders, product: str) -> Answer | None:
    """Return the user's answer for ``product``, else the one for all products, else None."""
    for folder in (folders.config, folders.everyone):
        answer = None if folder is None else _read(os.path.join(folder, FILE), product)
        if answer is not None:
            return answer
    return None


def store(folder: str, says: str, at: str) -> str:
    """Store the user's answer ``"on"`` or ``"off"`` given at ``at``; return the file's path.

    What else stands in the file stays. Written whole or not at all.

    Raises:
        OSError: it cannot be written, or would stand in somebody else's home.
    """
    private.own_folder(folder, levels=0)
    path = os.path.join(folder, FILE)
    _write(path, _with_answer(_before(path), says, at), 0o600)
    return path


def store_for_site(folder: str, says: str, at: str, products: Iterable[str] = ()) -> str:
    """Store the administrators' answer for ``products``, or for all; return the file's path.

    Everybody may read the file.

    Raises:
        TimeoutError: another answer is being stored, for too long.
        OSError: it cannot be written; or what stands there cannot be read, and so is off for
            all products: an answer for single ones would lift that.
    """
    _make_public(folder)
    path = os.path.join(folder, FILE)
    # Of two answers at once, for two products, both are to stand there. A file that others may
    # not read: who can open it can lock it, and an administrator would wait for a user.
    descriptor = files.open_file(f"{path}.lock", files.WRITE)
    try:
        if files.CAN_LOCK and not files.seize_within(descriptor, LOCK_SECONDS):
            raise TimeoutError(errno.ETIMEDOUT, "another answer is being stored", path)
        before = _before(path, strictly=bool(products))
        _write(path, _with_answer(before, says, at, tuple(products)), 0o644)
    finally:
        files.close(descriptor)
    return path


def _with_answer(
    content: dict[str, Any], says: str, at: str, products: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return ``content`` with this answer: one for all takes the place of those for single ones."""
    named = content.pop("products", {})
    single = {**(named if isinstance(named, dict) else {}), **dict.fromkeys(products, says)}
    changed = {"products": single} if products else {"answer": says}
    return {**content, "v": _format_of(content), **changed, "at": at}


def _before(path: str, *, strictly: bool = False) -> dict[str, Any]:
    """Return what stands there, and nothing where it cannot be read; then ``strictly`` raises."""
    try:
        return _parsed(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        if strictly:
            raise OSError(errno.EINVAL, "it holds no answer that can be read", path) from error
        return {}


def _format_of(content: dict[str, Any]) -> int:
    return max(FORMAT, int(content.get("v", FORMAT)))


def _write(path: str, content: dict[str, Any], mode: int) -> None:
    try:
        forks.load("jina_tel.plain_json").store(path, content, mode)
    except OSError as error:
        if error.filename is None:  # a full disk knows no names
            error.filename = path
        raise


def _make_public(folder: str) -> None:
    """Make a folder and what is missing above it, for everybody to read; raises OSError."""
    if not folder or os.path.isdir(folder):
        return
    _make_public(os.path.dirname(folder))
    try:
        os.mkdir(folder)
    except FileExistsError:
        return  # another process was first
    os.chmod(folder, 0o755)  # whatever the umask is


def _read(path: str, product: str) -> Answer | None:
    try:
        content = _parsed(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        signals.let_through(error)
        return Answer("unreadable", path)
    return _answer(content, path, product)


def _parsed(path: str) -> dict[str, Any]:
    content_bytes = files.read_bytes(path, MOST_BYTES + 1)
    text = content_bytes.decode() if len(content_bytes) <= MOST_BYTES else "null"
    content = forks.load("jina_tel.plain_json").loads(text)  # on the host's thread
    if not isinstance(content, dict) or type(content.get("v", FORMAT)) is not int:
        raise ValueError(f"{path} holds no answer")
    return content


def _answer(content: dict[str, Any], path: str, product: str) -> Answer | None:
    products = content.get("products", {})
    if not isinstance(products, dict):
        return Answer("unreadable", path)
    says = products.get(product, content.get("answer", _NOTHING))
    if says is _NOTHING and products and content.get("v", FORMAT) <= FORMAT:
        return None  # another product is named: nobody answered for this
    at = content.get("at", "")
    return Answer(says if says in ("on", "off") else "unreadable", path, str(at)[:32])
