"""Whether a method was overridden is asked by identity, as of a bare one."""

from __future__ import annotations

import asyncio
import weakref

import pytest
from recalled import product, taken

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


@acme.instrumented("start", "begin", "of")
class Flow:
    def __init__(self, size=1):
        self.size = size

    def start(self):
        return self

    async def begin(self):
        return self

    @classmethod
    def of(cls, size):
        return cls(size)


class Override(Flow):
    def start(self):
        return super().start()


def test_a_class_method_that_is_held_weakly_is_called_as_ever():
    for method in (Flow.of, Flow().of):
        assert 3 == weakref.WeakMethod(method)()(3).size

    assert ["Flow.start"] * 2 == taken()


@pytest.mark.parametrize("products", [[acme], [acme, product("rival")]], ids=["one", "two"])
def test_whether_a_method_was_overridden_is_told_by_identity(products):
    class Base:
        def start(self):
            return self

        async def begin(self):
            return self

    class Inherits(Base):
        pass

    class Overrides(Base):
        def start(self):
            return super().start()

    for telemetry in products:
        telemetry.instrumented("start", "begin")(Base)
        telemetry.instrumented(Overrides)

    assert Base.start is Base.start is Inherits.start is vars(Base)["start"]
    assert Base.begin is Inherits.begin
    assert Overrides.start is not Base.start
    assert type(Inherits()).start is Base.start
    assert Inherits().start.__func__ is Base.start
    assert Overrides().start.__func__ is Overrides.start
    assert super(Overrides, Overrides()).start.__func__ is Base.start
    assert super(Overrides, Overrides).start is Base.start


def test_a_method_of_the_class_is_a_start_of_its_first_argument():
    flow, override = Flow(1), Override(2)

    assert Flow.start(flow) is flow
    assert Flow.start(override) is override
    assert flow is asyncio.run(Flow.begin(flow))
    with pytest.raises(TypeError, match="argument"):
        Flow.start()
    assert ["Flow.start", "Override.start", "Flow.start"] == taken()


def test_a_method_that_another_class_takes_over_is_recorded_there_too():
    class Borrower:
        start = Flow.start

        def stop(self):
            pass

    borrower = Borrower()

    assert borrower.start() is borrower
    assert vars(Borrower)["start"] is Flow.start
    assert ["Borrower.start"] == taken()
