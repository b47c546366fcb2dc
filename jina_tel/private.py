"""Folders of our own: for this user alone, and never in somebody else's home."""

from __future__ import annotations

import errno
import os
import stat


def own_folder(path: str, levels: int) -> None:
    """Make ``path`` and its parents; see that its last ``levels`` are folders of ours, no links.

    Raises:
        OSError: it cannot be made, is not ours, or would stand in somebody else's home.
    """
    _refuse_a_foreign_home(path)
    _make_own(path, levels)


def _make_own(path: str, levels: int) -> None:
    if levels:
        _make_own(os.path.dirname(path), levels - 1)  # first: nothing is made behind a link
    make_folder(path)
    if levels:
        _see_own(path)


def _see_own(path: str) -> None:
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "a folder of our own is wanted", path)
    if status.st_uid != _user():
        raise PermissionError(errno.EPERM, "the folder belongs to another user", path)


def make_folder(path: str) -> None:
    """Make a folder and what is missing above it, all of them 0700; raises OSError."""
    if not path or os.path.isdir(path):
        return
    make_folder(os.path.dirname(path))
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass  # another process was first


def _refuse_a_foreign_home(path: str) -> None:
    """Under ``sudo`` HOME may be another user's: what root made there, they could not change."""
    while path and not os.path.lexists(path):
        path = os.path.dirname(path)
    if path and os.stat(path).st_uid not in (_user(), 0):
        raise PermissionError(errno.EPERM, "the folder belongs to another user", path)


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0
