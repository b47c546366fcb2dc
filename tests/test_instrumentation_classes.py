"""Classes of every make: slots, attrs, dataclasses, abstract ones, enumerations."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import dataclasses
import enum
import functools
import inspect
import sys
import typing

import attr
import pytest
from recalled import product, taken

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


def test_slots_are_kept():
    @acme.instrumented
    class Point:
        __slots__ = ("x",)

        def start(self):
            self.x = 1
            return self

    class Base(acme.Mixin):
        __slots__ = ()

        def start(self):
            return self

    assert 1 == Point().start().x
    assert not hasattr(Base().start(), "__dict__")
    assert ["Point.start", "Base.start"] == taken()


SLOTS = {"slots": True} if sys.version_info >= (3, 10) else {}
MAKERS = {
    "dataclass": dataclasses.dataclass,
    "dataclass with slots": dataclasses.dataclass(**SLOTS),
    "attrs": attr.s(auto_attribs=True),
    "attrs with slots": attr.s(auto_attribs=True, slots=True),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("above", [True, False])
def test_attrs_and_dataclasses_above_and_below(maker, above):
    make, ours = MAKERS[maker], acme.instrumented("start", "run")
    first, second = (make, ours) if above else (ours, make)

    class Base:
        def run(self):
            return "run"

    @first
    @second
    class Job(Base):
        size: int = 2

        def start(self):
            return Base.run(self), self.size

    job = Job(size=3)

    assert ("run", 3) == job.start()
    assert "run" == job.run()
    assert ["Job.start", "Job.start"] == taken()


@pytest.mark.parametrize("maker", MAKERS)
def test_a_class_that_is_made_anew_keeps_the_mixins_options(maker):
    @MAKERS[maker]
    class Job(acme.Mixin, methods=("run",), verb="go"):
        size: int = 2

        def run(self):
            return self.size

    class Urgent(Job):
        def run(self):
            return super().run() + 1

    assert 3 == Urgent().run()
    assert 2 == Job().run()
    assert ["Urgent.go", "Job.go"] == taken()


def test_what_is_called_start_and_is_no_method_stays():
    class Span(acme.Mixin):
        start = 5
        __enter__ = None

    @dataclasses.dataclass
    class Range(acme.Mixin):
        start: int = 0

    class Lazy(acme.Mixin):
        @functools.cached_property
        def start(self):
            return []

        @property
        def __enter__(self):
            return 3

    class Slotted(acme.Mixin):
        __slots__ = ("start",)

    class Outer(acme.Mixin):
        class start:  # noqa: N801 - a class in a method's place
            pass

    lazy = Lazy()

    assert Span.start == 5
    assert Span.__enter__ is None
    assert type(Range().start) is int
    assert lazy.start is lazy.start
    assert type(lazy.__enter__) is int
    assert isinstance(Outer.start, type)
    assert not hasattr(Slotted(), "start")
    assert [] == taken()


def test_abstract_classes():
    class Runtime(acme.Mixin, abc.ABC):
        @abc.abstractmethod
        def start(self):
            return "base"

    @acme.instrumented("start")
    class Between(Runtime):
        pass

    class Worker(Between):
        def start(self):
            return super().start()

    for kind in (Runtime, Between):
        with pytest.raises(TypeError, match="abstract"):
            kind()
    assert "base" == Worker().start()
    assert ["Worker.start"] == taken()


def test_protocols_and_generics():
    T = typing.TypeVar("T")

    @typing.runtime_checkable
    class Startable(typing.Protocol):
        def start(self): ...

    @acme.instrumented
    class Explicit(Startable):
        def start(self):
            return 1

    class Box(acme.Mixin, typing.Generic[T]):
        def start(self):
            return 2

    class Strings(Box[str]):
        def start(self):
            return super().start()

    assert isinstance(Explicit(), Startable)
    assert isinstance(Strings(), Startable)
    assert (1, 2, 2) == (Explicit().start(), Box[int]().start(), Strings().start())
    assert ["Explicit.start", "Box.start", "Strings.start"] == taken()


def test_enumerations_keep_their_members():
    @acme.instrumented
    class Colour(enum.Enum):
        RED = 1

        def start(self):
            return self

    class Mode(acme.Mixin, enum.IntEnum):
        FAST = 1

        @acme.instrumented
        def start(self):
            return self

    assert [Colour.RED] == list(Colour)
    assert [Mode.FAST] == list(Mode)
    assert Colour.RED.start() is Colour.RED
    assert Mode.FAST.start() is Mode.FAST
    assert ["Colour.start", "Mode.start"] == taken()


def test_context_managers_and_exit_stacks():
    @acme.instrumented
    class Flow:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return True

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            return True

    async def main():
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(Flow())
            await stack.enter_async_context(Flow())
            raise ValueError("swallowed by both")

    asyncio.run(main())

    assert ["Flow.start"] * 2 == taken()


def test_a_private_method_under_its_mangled_name():
    @acme.instrumented("_Flow__begin")
    class Flow:
        def start(self):
            self.__begin()

        def __begin(self):
            pass

    Flow().start()

    assert ["Flow.start"] == taken()
    with pytest.raises(ValueError, match="__begin"):
        acme.instrumented("__begin")(Flow)


def test_a_class_without_an_init_of_its_own_takes_what_new_takes():
    @acme.instrumented("__init__")
    class Runtime:
        def __new__(cls, *given):
            return super().__new__(cls)

    @acme.instrumented("__init__")
    class Plain:
        pass

    Runtime(1, 2)
    Plain()
    with pytest.raises(TypeError):
        Plain(1)
    assert ["Runtime.start", "Plain.start"] == taken()


@pytest.mark.parametrize("kind", ["plain", "async", "class"])
def test_an_inherited_method_is_found_as_if_nothing_stood_there(kind):
    def tell(name):
        async def asynchronous(self):
            return name

        if kind == "async":
            return asynchronous
        return classmethod(lambda cls: name) if kind == "class" else lambda self: name

    class Base:
        start = tell("Base")

    class Left(Base):
        def stop(self):
            pass

    class Right(Base):
        start = tell("Right")

    class Both(Left, Right):
        def stop(self):
            pass

    acme.instrumented("start")(Left)
    results = [one().start() for one in (Left, Both)]
    if kind == "async":
        assert inspect.iscoroutinefunction(Left.start)
        results = [asyncio.run(result) for result in results]

    assert ["Base", "Right"] == results
    assert ["Left.start", "Both.start"] == taken()
