"""The variables by which a product's users answer, and how they are read: at every event."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DO_NOT_TRACK = "DO_NOT_TRACK"
TESTING = "JINA_TEL_TESTING"
ALONE = "alone"  # of TESTING: administrators are not asked either, since nothing leaves the machine


class Variables:
    """The names of one product's variables; ``-`` in a product's name becomes ``_``.

    Shape, for the product ``jina``: ``optout`` is ``JINA_OPTOUT_TELEMETRY``, ``endpoint``
    ``JINA_TEL_ENDPOINT``, and so on with ``TOKEN``, ``HOME`` and ``DEBUG``.
    """

    __slots__ = ("_names", "_raw", "debug", "endpoint", "home", "optout", "token")

    def __init__(self, product: str) -> None:
        prefix = product.upper().replace("-", "_")
        self.optout = f"{prefix}_OPTOUT_TELEMETRY"
        self.endpoint = f"{prefix}_TEL_ENDPOINT"
        self.token = f"{prefix}_TEL_TOKEN"
        self.home = f"{prefix}_TEL_HOME"
        self.debug = f"{prefix}_TEL_DEBUG"
        self._names = (self.optout, DO_NOT_TRACK, TESTING, self.endpoint, self.token, self.home)
        self._raw = self._names if os.name == "nt" else tuple(map(os.fsencode, self._names))

    def read(self) -> tuple[Any, ...]:
        """Return the present values, None where unset, in the form that ``os.environ`` keeps."""
        get, keys = self._kept()
        return tuple(map(get, keys))

    def watch(self) -> Callable[[], bool]:
        """Return what tells, in 0.1 µs, whether no variable that says no has come or gone.

        Asked at every event; for the others once a second will do, but in tests: each has
        variables of its own, and takes less than a second. Tests also put another mapping in the
        place of ``os.environ``.
        """
        get, keys = self._kept()
        optout, do_not_track, testing = keys[:3]
        if get(testing):
            before = self.read()
            return lambda: self.read() == before
        environ, first, second = os.environ, get(optout), get(do_not_track)
        return lambda: (
            get(optout) is first
            and get(do_not_track) is second
            and not get(testing)
            and os.environ is environ
        )

    def _kept(self) -> tuple[Callable[[Any], Any], tuple[Any, ...]]:
        """Return what looks a variable up, and the keys for it.

        Goes below ``os.environ.get`` (0.8 µs a variable that is not set) to the dict that CPython
        and PyPy keep there, where that is.
        """
        data = getattr(os.environ, "_data", None)
        return (os.environ.get, self._names) if data is None else (data.get, self._raw)
