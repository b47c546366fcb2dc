"""What happens, on stderr, for whoever sets ``<PRODUCT>_TEL_DEBUG=1``; silent otherwise."""

from __future__ import annotations

import os
import sys


def is_on(variable: str) -> bool:
    """Tell whether the ``variable`` is set to anything but ``""`` or ``0``."""
    return os.environ.get(variable, "0") not in ("", "0")


def say(variable: str, text: str) -> None:
    """Print one line if the ``variable`` is on; never raise.

    Goes through ``sys.stderr`` and not through descriptor 2, which may be a file of the host's
    by now.
    """
    if not is_on(variable):
        return
    try:
        sys.stderr.write(f"jina_tel[{os.getpid()}]: {text}\n")
        sys.stderr.flush()
    except Exception:  # noqa: BLE001 - None, closed, or the host's own stream, which raises what it likes
        pass


def describe(error: BaseException) -> str:
    """Return ``error`` in a few words; the text of a host's own may raise, then its type alone."""
    kind = type(error).__name__
    try:
        return f"{kind}: {error}"
    except Exception:  # noqa: BLE001 - the host's code
        return kind
