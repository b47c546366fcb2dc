"""Files that nobody else on the machine may read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

OTHERS = 0o077  # what others may do with what we make


@contextmanager
def privately() -> Iterator[None]:
    """Have each file made meanwhile, by whatever library, be 0600, and each folder 0700.

    What is there already stays as it is. It holds for all threads of the process.
    """
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)
