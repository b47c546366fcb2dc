"""Objects that answer for another, or not at all: none of their code runs to record a start."""

from __future__ import annotations

import asyncio

import pytest
from recalled import product, taken

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


class Silent:
    """Gives its own methods, and nothing else."""

    def __getattribute__(self, name):
        if name in ("start", "begin"):
            return object.__getattribute__(self, name)
        raise AssertionError(name)


class Lazy:
    """A proxy that would load what it stands for when its class is asked."""

    @property
    def __class__(self):
        raise AssertionError("loaded")


class Pretending:
    """Says that it is a class, which would have a name of its own."""

    @property
    def __class__(self):
        return type


class Untouchable:
    __hash__ = None

    def __eq__(self, other):
        raise AssertionError("compared")

    def __bool__(self):
        raise AssertionError("asked")

    def __len__(self):
        raise AssertionError("counted")


PROXIES = [Silent, Lazy, Pretending, Untouchable]


@pytest.mark.parametrize("proxy", PROXIES)
def test_its_own_start_is_recorded(proxy):
    @acme.instrumented("start", "begin")
    class Flow(proxy):
        def start(self):
            return "started"

        async def begin(self):
            return "begun"

    assert "started" == Flow().start() == Flow.start(Flow())
    assert "begun" == asyncio.run(Flow().begin())
    assert ["Flow.start"] * 3 == taken()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_start_that_it_inherits_is_recorded(proxy):
    class Base(proxy):
        def start(self):
            return "started"

    @acme.instrumented("start")
    class Flow(Base):
        def stop(self):
            pass

    assert "started" == Flow().start()
    assert ["Flow.start"] == taken()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_start_that_fails_is_recorded(proxy):
    @acme.instrumented(failures=True)
    class Flow(proxy):
        def start(self):
            raise OSError("of the host")

    with pytest.raises(OSError, match="of the host"):
        Flow().start()
    assert ["Flow.failed"] == taken()
