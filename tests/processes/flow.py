"""A library with one class that is instrumented, for the scripts of these tests."""

from jina_tel import configure, flush, instrumented

__all__ = ["Flow", "configure", "flush"]


@instrumented
class Flow:
    def start(self):
        return self
