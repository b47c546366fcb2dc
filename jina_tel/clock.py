"""The monotonic clock, which goes on where a test has stopped ``time.monotonic``.

A wait of ours would have no end there, and an exit of the host's would wait with it.
"""

from __future__ import annotations

import time

# functools is ten times as much; and a function of ours would have a frame at each reading.
from _functools import partial  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    monotonic: Callable[[], float]

if hasattr(time, "clock_gettime"):
    monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
else:  # Windows
    monotonic = partial(time.monotonic)
