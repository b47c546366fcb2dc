"""The product ``jina``: its facts, and the functions that the package exports."""

from __future__ import annotations

import sys

from .facts import Choice, Version
from .instrumenting import Mixin
from .telemetry import Telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DISTRIBUTIONS = ("jina", "docarray", "protobuf", "grpcio", "pyyaml")


def _proto_backend() -> Any:
    """Ask the loaded protobuf runtime which of its implementations is in use."""
    return sys.modules["google.protobuf.internal.api_implementation"].Type()


JINA = Telemetry(
    "jina",
    DISTRIBUTIONS,
    facts={
        "jina-proto": Version(
            "jina", "__proto_version__", why="which versions of the protocol are spoken"
        ),
        "proto-backend": Choice(
            ("cpp", "python", "upb"), _proto_backend, why="whether the fast protobuf is in use"
        ),
    },
)

configure = JINA.configure
flush = JINA.flush
instrument = JINA.instrument
instrumented = JINA.instrumented
status = JINA.status
uninstrument = JINA.uninstrument

if TYPE_CHECKING:

    class TelemetryMixin(Mixin):
        """Instruments each subclass as it is defined; takes ``instrumented``'s options."""
else:
    TelemetryMixin = JINA.Mixin
    # By name: cloudpickle would take the class by value for a program's own subclass, and all that
    # is behind it.
    TelemetryMixin.__module__, TelemetryMixin.__qualname__ = "jina_tel", "TelemetryMixin"
