"""What happens, on stderr, for whoever sets ``<PRODUCT>_TEL_DEBUG=1``; silent otherwise."""

from __future__ import annotations

import os
import sys


def say(variable: str, text: str) -> None:
    """Print one line if the ``variable`` is set to anything but ``""`` or ``0``; never raise.

    Goes through ``sys.stderr`` and not through descriptor 2, which may be a file of the host's
    by now.
    """
    if os.environ.get(variable, "0") in ("", "0"):
        return
    try:
        sys.stderr.write(f"jina_tel[{os.getpid()}]: {text}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        pass  # stderr is None, closed, or gone: there is nobody to tell
