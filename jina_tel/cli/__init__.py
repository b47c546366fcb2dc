"""The command line ``jina-tel``: say no once, see every byte, ask for it back.

Imported by nothing but the entry point and ``python -m jina_tel``.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130  # 128 + SIGINT, as a shell says it
PIPE_CLOSED = 141  # 128 + SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback ever reaches a person.

    Args:
        argv: the arguments without the program's name; by default those of this process.
    """
    try:
        from . import fence
    except KeyboardInterrupt:  # while we are still imported
        return INTERRUPTED
    return fence.run(sys.argv[1:] if argv is None else list(argv), os.environ)
