"""The answers that users and administrators have stored: ``consent.json``, read fail-closed.

Shape of a user's file, and of an administrator's, where ``products`` may name single ones::

    {"v": 1, "answer": "off", "at": "2026-01-31T12:00:00Z", "shown": ["architecture", …]}
    {"v": 1, "answer": "off"}        {"v": 1, "products": {"jina": "off"}}

What cannot be read or understood counts as off. A file that is not there is no answer.
A later format (``v`` above 1) is respected as far as its ``answer`` can be read.
"""

from __future__ import annotations

import os

from . import files
from .consent import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .folders import Folders

FILE = "consent.json"
FORMAT = 1


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
    """Store the answer ``"on"`` or ``"off"`` given at ``at``; return the file's path.

    What else stands in the file stays. Written whole or not at all. Raises OSError where it
    cannot be written.
    """
    path = os.path.join(folder, FILE)
    files.make_private(folder)
    try:
        before = _parsed(path)
    except (OSError, ValueError):
        before = {}
    import json

    content = {**before, "v": max(FORMAT, before.get("v", FORMAT)), "answer": says, "at": at}
    files.write_whole(path, json.dumps(content, indent=1).encode() + b"\n")
    return path


def _read(path: str, product: str) -> Answer | None:
    try:
        content = _parsed(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError):
        return Answer("unreadable", path)
    return _answer(content, path, product)


def _parsed(path: str) -> dict[str, Any]:
    content_bytes = files.read_bytes(path)
    import json  # 1-7 ms, on the host's thread: only where there is an answer to read

    content = json.loads(content_bytes.decode())
    if not isinstance(content, dict) or not isinstance(content.get("v", FORMAT), int):
        raise ValueError(f"{path} holds no answer")
    return content


def _answer(content: dict[str, Any], path: str, product: str) -> Answer | None:
    products = content.get("products", {})
    if not isinstance(products, dict):
        return Answer("unreadable", path)
    says = products.get(product, content.get("answer"))
    if says is None:
        return None  # the notice was shown, or another product named: nobody answered for this
    at = content.get("at", "")
    return Answer(says if says in ("on", "off") else "unreadable", path, str(at)[:32])
