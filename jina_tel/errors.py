"""The errors of jina_tel, one tree.

::

    TelemetryError
    ├── JournalError     the journal cannot be used where it is
    └── TransportError   a request did not reach an answer

None of them ever reaches the program that carries us: a wrong argument to our own API is a
``ValueError`` at the call, and everything else ends at a fence: on the host's thread in ``calls``,
and where the host meets us elsewhere (``instrumentation`` and ``patches`` as its classes are made
and its modules imported, ``telemetry`` in ``flush``, ``process`` at its exit); on ours in
``shipper``.
"""

from __future__ import annotations


class TelemetryError(Exception):
    """The base of every error that jina_tel raises within itself."""


class JournalError(TelemetryError):
    """The journal cannot be used where it is; the message says why."""


class TransportError(TelemetryError):
    """A request did not reach an answer.

    Attributes:
        left: whether bytes of the body may have left this machine.
    """

    def __init__(self, message: str, *, left: bool = False) -> None:
        super().__init__(message)
        self.left = left
