"""Where an author may put it: each kind of method, and each option."""

from __future__ import annotations

import asyncio
import functools

import pytest
from recalled import product, taken

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


def test_a_function_in_the_body_is_recorded():
    class Gateway:
        @acme.instrumented
        def start(self, port, *, host="::"):
            return self, port, host

    gateway = Gateway()

    assert (gateway, 80, "::1") == gateway.start(80, host="::1")
    assert ["Gateway.start"] == taken()


def test_a_class_is_returned_as_the_same_object():
    class Flow:
        def start(self):
            return self

    assert acme.instrumented(Flow) is Flow
    flow = Flow()
    assert flow.start() is flow
    assert ["Flow.start"] == taken()


@pytest.mark.parametrize("method", ["start", "__enter__", "__aenter__"])
def test_a_class_is_instrumented_by_each_method_that_starts(method):
    class Flow:
        pass

    setattr(Flow, method, lambda self: 5)
    acme.instrumented(Flow)

    assert 5 == getattr(Flow(), method)()
    assert ["Flow.start"] == taken()


def test_what_the_body_does_not_define_stays_as_it_is():
    class Base:
        def start(self):
            return 1

    @acme.instrumented
    class Flow(Base):
        def __enter__(self):
            return self

    assert 1 == Flow().start()
    assert [] == taken()
    assert "start" not in vars(Flow)


def test_subclasses_of_the_mixin_are_instrumented_as_they_are_defined():
    class Executor(acme.Mixin):
        pass

    class Indexer(Executor):
        def start(self):
            return "indexer"

    class Ranker(Indexer):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    assert "indexer" == Indexer().start()
    with Ranker() as ranker:
        assert "indexer" == ranker.start()
    assert ["Indexer.start", "Ranker.start", "Ranker.start"] == taken()


def test_options_of_the_mixin_hold_for_its_subclasses():
    class Pod(acme.Mixin, methods=("__init__",), verb="open"):
        def __init__(self):
            self.opened = True

    class Head(Pod):
        def __init__(self):
            super().__init__()

    class Tail(Head, verb="close"):
        def __init__(self):
            super().__init__()

    assert Head().opened
    assert Tail().opened
    assert Pod().opened
    assert ["Head.open", "Tail.close", "Pod.open"] == taken()


def test_the_mixin_hands_on_what_is_not_its_own():
    class Registry:
        known = {}

        def __init_subclass__(cls, key=None, **given):
            super().__init_subclass__(**given)
            cls.known[key] = cls

    class Plugin(acme.Mixin, Registry, key="plugin", verb="load"):
        def start(self):
            pass

    Plugin().start()

    assert Plugin is Registry.known["plugin"]
    assert ["Plugin.load"] == taken()


def test_named_methods_are_wrapped_also_where_they_are_inherited():
    class Base:
        def run(self):
            return "ran"

    @acme.instrumented("run", "serve")
    class Server(Base):
        def serve(self):
            return "served"

    server = Server()

    assert ("ran", "served") == (server.run(), server.serve())
    assert ["Server.start", "Server.start"] == taken()
    assert "ran" == Base().run()
    assert [] == taken()


@pytest.mark.parametrize("inside", [True, False], ids=["below", "above"])
@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_static_and_class_methods(kind, inside):
    def start(*given):
        return given

    wrapped = kind(acme.instrumented(name="Flow")(start)) if inside else None
    member = wrapped or acme.instrumented(name="Flow")(kind(start))
    Flow = type("Flow", (), {"start": member})  # noqa: N806 - a class

    cls = (Flow,) if kind is classmethod else ()

    assert (*cls, 3) == Flow.start(3)
    assert (*cls, 3) == Flow().start(3)
    assert ["Flow.start", "Flow.start"] == taken()


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_a_class_with_static_and_class_methods(kind):
    @acme.instrumented
    class Flow:
        start = kind(lambda *given: given)

    class Sub(Flow):
        def stop(self):
            pass

    Flow.start()
    Flow().start()
    Sub.start()

    sub = "Sub" if kind is classmethod else "Flow"
    assert ["Flow.start", "Flow.start", f"{sub}.start"] == taken()
    assert isinstance(vars(Flow)["start"], kind)


def test_a_generator_counts_when_it_is_called_and_yields_what_it_did():
    @acme.instrumented
    class Flow:
        def start(self):
            received = yield 1
            yield received
            return 3

    generator = Flow().start()

    assert ["Flow.start"] == taken()
    assert (1, "sent") == (next(generator), generator.send("sent"))
    with pytest.raises(StopIteration, match="3"):
        next(generator)
    assert [] == taken()


def test_an_async_generator_counts_when_it_is_called():
    @acme.instrumented
    class Flow:
        async def start(self):
            yield 1
            yield 2

    async def collect():
        return [item async for item in Flow().start()]

    assert [1, 2] == asyncio.run(collect())
    assert ["Flow.start"] == taken()


def test_a_coroutine_counts_once_it_was_awaited():
    seen = []

    @acme.instrumented
    class Flow:
        async def start(self):
            await asyncio.sleep(0)
            seen.append(taken())
            return self

    async def main():
        flow = Flow()
        coroutine = flow.start()
        assert asyncio.iscoroutine(coroutine)
        assert "start" == coroutine.__name__
        assert Flow.start.__qualname__ == coroutine.__qualname__
        assert flow is await coroutine

    asyncio.run(main())

    assert [[]] == seen
    assert ["Flow.start"] == taken()


def test_a_coroutine_that_is_cancelled_is_no_start():
    @acme.instrumented(failures=True)
    class Flow:
        async def start(self):
            await asyncio.Event().wait()

    async def main():
        task = asyncio.ensure_future(Flow().start())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert [] == taken()


def test_a_coroutine_that_is_closed_is_no_start():
    @acme.instrumented(failures=True)
    class Flow:
        async def start(self):
            await asyncio.sleep(0)

    coroutine = Flow().start()
    coroutine.send(None)
    coroutine.close()

    assert [] == taken()


def test_layers_of_functools_wraps_above_and_below():
    def layer(function):
        @functools.wraps(function)
        def inner(*given, **named):
            return ["layer", *function(*given, **named)]

        return inner

    @acme.instrumented
    class Flow:
        @layer
        @acme.instrumented
        @layer
        def start(self):
            return ["start"]

    assert ["layer", "layer", "start"] == Flow().start()
    assert ["Flow.start"] == taken()


class Registering(type):
    """Jina's way: two layers over ``__init__``, which is called unbound through the dictionary."""

    def __init__(cls, name, bases, body, **_):
        super().__init__(name, bases, body)
        for _ in range(2):
            original = cls.__dict__.get("__init__")
            if original is not None:
                cls.__init__ = cls.layer(original)

    @staticmethod
    def layer(original):
        @functools.wraps(original)
        def __init__(self, *given, **named):  # noqa: N807 - as functools.wraps names it
            original(self, *given, **named)

        return __init__


def test_a_metaclass_that_wraps_and_calls_unbound():
    class Executor(acme.Mixin, metaclass=Registering, methods=("__init__",)):
        def __init__(self, size):
            self.size = size

    class Indexer(Executor):
        def __init__(self):
            super().__init__(2)

    assert 2 == Indexer().size
    assert 1 == Executor(1).size
    assert ["Indexer.start", "Executor.start"] == taken()


def test_an_object_that_was_initialized_unbound():
    @acme.instrumented("__init__")
    class Executor:
        def __init__(self, size):
            self.size = size

    executor = Executor.__new__(Executor)
    vars(Executor)["__init__"](executor, 4)
    Executor.__init__(executor, size=5)

    assert 5 == executor.size
    assert ["Executor.start"] * 2 == taken()


def test_a_start_is_counted_anew_when_it_has_ended():
    @acme.instrumented
    class Flow:
        def start(self):
            pass

    flow = Flow()
    for _ in range(3):
        flow.start()

    assert ["Flow.start"] * 3 == taken()
