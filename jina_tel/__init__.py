"""Usage telemetry for Python libraries: a start becomes one small event that names nobody."""

from .instrumenting import Mixin
from .jina import (
    TelemetryMixin,
    configure,
    flush,
    instrument,
    instrumented,
    status,
    uninstrument,
)
from .telemetry import Telemetry

__version__ = "0.1.0"

__all__ = [
    "Mixin",
    "Telemetry",
    "TelemetryMixin",
    "configure",
    "flush",
    "instrument",
    "instrumented",
    "status",
    "uninstrument",
]
