"""A coroutine of an instrumented method is as the host made it, also where it never runs."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import sys
import warnings

import pytest
from recalled import product, taken

from jina_tel import calls

acme = product()
other = product("other")


@pytest.fixture(autouse=True)
def forgotten():
    taken()
    taken("other")


def plain():
    class Gateway:
        async def start(self, port=80):
            await asyncio.sleep(0)
            return port

    return Gateway


def of_the_class():
    class Gateway:
        @classmethod
        async def start(cls, port=80):
            await asyncio.sleep(0)
            return port

    return Gateway


def of_nobody():
    class Gateway:
        @staticmethod
        async def start(port=80):
            await asyncio.sleep(0)
            return port

    return Gateway


def layered():
    class Gateway:
        async def start(self, port=80):
            await asyncio.sleep(0)
            return port

    begin = Gateway.start

    @functools.wraps(begin)
    def start(self, *given):
        return begin(self, *given)

    Gateway.start = start
    return Gateway


KINDS = [plain, of_the_class, of_nobody, layered]


async def cancelled_before_it_began(gateway):
    task = asyncio.ensure_future(gateway.start())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancelled_and_the_error_kept(gateway):
    task = asyncio.ensure_future(gateway.start())
    task.cancel()
    try:
        await task
    except asyncio.CancelledError as error:
        kept = [error, None]
        kept[1] = kept  # a cycle, through the traceback


async def cancelled_later(gateway):
    task = asyncio.ensure_future(gateway.start())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def closed(gateway):
    gateway.start().close()


async def thrown_into(gateway):
    with pytest.raises(KeyError):
        gateway.start().throw(KeyError("thrown"))


async def dropped(gateway):
    gateway.start()


async def dropped_in_a_cycle(gateway):
    gateway.coroutine = gateway.start()


async def awaited(gateway):
    assert 8080 == await gateway.start(8080)


ENDS = [
    cancelled_before_it_began,
    cancelled_and_the_error_kept,
    cancelled_later,
    closed,
    thrown_into,
    dropped,
    dropped_in_a_cycle,
    awaited,
]


def heard(end, kind):
    """Return what Python warns of once ``end`` has happened to a start of the class."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(end(kind()))
        gc.collect()
    return [(w.category, str(w.message)) for w in caught]


@pytest.mark.parametrize("products", [[acme], [acme, other]], ids=["one", "two"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ENDS)
def test_python_warns_of_what_it_would_warn_of_without_us(end, kind, products):
    bare, ours = kind(), kind()
    for telemetry in products:
        telemetry.instrumented(ours)

    assert heard(end, bare) == heard(end, ours)
    for telemetry in products:
        counted = ["Gateway.start"] if end is awaited else []
        assert counted == taken(telemetry.settings.product)


@pytest.mark.parametrize("end", ENDS)
def test_nor_within_a_start(end):
    def made():
        class Gateway(plain()):
            async def __aenter__(self):
                await end(self)

        return Gateway

    bare, ours = made(), acme.instrumented("start", "__aenter__")(made())

    async def enter(gateway):
        await gateway.__aenter__()

    assert heard(enter, bare) == heard(enter, ours)
    assert ["Gateway.start"] == taken()


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_arguments_are_an_error_at_the_call(kind):
    gateway = acme.instrumented(kind())()

    with pytest.raises(TypeError, match="argument"):
        gateway.start(1, 2, 3)
    with pytest.raises(TypeError, match="argument"):
        gateway.start(host="::")
    assert [] == taken()


@pytest.mark.parametrize("kind", [plain, of_the_class, of_nobody])
def test_a_coroutine_is_a_coroutine(kind):
    gateway = acme.instrumented(kind())()

    coroutine = gateway.start(8080)

    assert inspect.iscoroutinefunction(gateway.start)
    assert inspect.iscoroutine(coroutine)
    assert inspect.CORO_CREATED == inspect.getcoroutinestate(coroutine)
    assert 8080 == asyncio.run(coroutine)
    with pytest.raises(RuntimeError, match="already awaited"):
        asyncio.run(coroutine)
    assert ["Gateway.start"] == taken()


@pytest.mark.parametrize("is_imported", [True, False])
def test_a_coroutine_s_function_is_known_with_inspect_and_without(monkeypatch, is_imported):
    async def later():
        """Do nothing."""

    def marked():
        return later()

    if hasattr(inspect, "markcoroutinefunction"):  # Python 3.12
        marked = inspect.markcoroutinefunction(marked)
    expected = [inspect.iscoroutinefunction(kind) for kind in (later, marked, len)]
    if not is_imported:
        monkeypatch.delitem(sys.modules, "inspect")
        expected[1] = False  # nor has anybody marked one

    assert expected == [calls.is_async(kind) for kind in (later, marked, len)]


def test_a_task_and_a_future_count_once_they_are_returned():
    @acme.instrumented(failures=True)
    class Gateway:
        def start(self, made):
            return made

    async def main():
        loop = asyncio.get_running_loop()
        for made in (loop.create_future(), loop.create_task(asyncio.sleep(60))):
            assert Gateway().start(made) is made
            assert ["Gateway.start"] == taken()
            made.cancel()
            with pytest.raises(asyncio.CancelledError):
                await made

    asyncio.run(main())

    assert [] == taken()
