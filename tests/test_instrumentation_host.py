"""An instrumented class is what it was: it pickles, copies, and can be looked at."""

from __future__ import annotations

import asyncio
import copy
import doctest
import functools
import inspect
import os
import pickle
import pydoc
import subprocess
import sys
import threading
import typing
import weakref

import pytest
from recalled import product, taken
from support import ROOT

from jina_tel import TelemetryMixin

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


@acme.instrumented("start", "begin", "bare", "of", "make")
class Flow:
    """A flow.

    >>> Flow(3).size
    3
    """

    def __init__(self, size: int = 1):
        self.size = size

    def start(self, port: int = 80, *, host: str = "::") -> Flow:
        """Start it.

        >>> Flow().start().size
        1
        """
        return self

    async def begin(self) -> Flow:
        return self

    @staticmethod
    def bare(number: int) -> int:
        return number

    @classmethod
    def of(cls, size: int) -> Flow:
        return cls(size)

    @classmethod
    async def make(cls) -> Flow:
        return cls()

    def __eq__(self, other):
        return self.size == other.size

    __hash__ = None


class Override(Flow):
    def start(self):
        return super().start()


@acme.instrumented(name="Server")
def serve():
    return "served"


class Bare:
    """The same methods, not instrumented."""

    for _name in ("start", "begin", "bare", "of", "make"):
        locals()[_name] = vars(Flow)[_name].__wrapped__


@pytest.mark.parametrize("name", ["start", "begin", "bare", "of", "make"])
@pytest.mark.parametrize("owner", [0, 1], ids=["class", "instance"])
def test_introspection_says_what_it_said(name, owner):
    ours = getattr((Flow, Flow())[owner], name)
    bare = getattr((Bare, Bare())[owner], name)

    for question in (
        inspect.signature,
        inspect.iscoroutinefunction,
        asyncio.iscoroutinefunction if sys.version_info < (3, 14) else callable,
        inspect.isfunction,
        inspect.ismethod,
        inspect.isroutine,
        inspect.getdoc,
        inspect.getsource,
        typing.get_type_hints,
        callable,
    ):
        assert question(bare) == question(ours), question
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(bare, attribute) == getattr(ours, attribute)
    assert (getattr(bare, "__self__", None) is None) == (getattr(ours, "__self__", None) is None)


def test_generator_functions_stay_such():
    @acme.instrumented("start", "begin")
    class Both:
        def start(self):
            yield

        async def begin(self):
            yield

    assert inspect.isgeneratorfunction(Both.start)
    assert inspect.isgeneratorfunction(Both().start)
    assert inspect.isasyncgenfunction(Both.begin)


def test_the_signature_of_a_class_whose_init_is_wrapped():
    @acme.instrumented("__init__")
    class Executor:
        def __init__(self, size: int, *, name: str = ""):
            pass

    assert "(size: 'int', *, name: 'str' = '')" == str(inspect.signature(Executor))


def test_help_and_doctest_find_the_methods():
    text = pydoc.render_doc(Flow, renderer=pydoc.plaintext)
    found = {
        test.name.rpartition(".")[2] for test in doctest.DocTestFinder().find(Flow) if test.examples
    }

    assert "start(self, port" in text
    assert "Start it." in text
    assert {"Flow", "start"} == found
    for test in doctest.DocTestFinder().find(Flow):
        assert 0 == doctest.DocTestRunner().run(test).failed


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_instances_classes_and_methods_pickle(protocol):
    flow = Flow(3)

    def through(value):
        return pickle.loads(pickle.dumps(value, protocol))

    assert flow == through(flow)
    assert through(Flow) is Flow
    assert through(serve) is serve
    assert flow == through(flow.start)()
    assert through(Flow.start)(flow) is flow
    assert through(Flow.start) is Flow.start
    assert through(Override.start)(Override()) == Override()
    assert 4 == through(Flow.of)(4).size
    assert 5 == through(Flow.bare)(5)
    assert 6 == through(flow.bare)(6)
    assert sorted(["Flow.start"] * 5 + ["Override.start"]) == sorted(taken())


def test_instances_classes_and_methods_copy():
    flow = Flow(3)

    assert copy.copy(flow) == copy.deepcopy(flow) == flow
    assert copy.deepcopy(Flow) is Flow
    assert copy.copy(serve) is copy.deepcopy(serve) is serve
    assert copy.copy(flow.start)() is flow
    assert copy.deepcopy(flow.start)() is not flow
    assert flow == copy.deepcopy(flow.start)()
    assert flow is copy.deepcopy(Flow.start)(flow)
    assert 3 == copy.deepcopy(Flow.bare)(3)


def test_an_instance_that_holds_its_own_bound_method():
    flow = Flow(2)
    flow.callback = flow.start

    for twin in (copy.deepcopy(flow), pickle.loads(pickle.dumps(flow))):
        assert twin.callback() is twin


def test_a_class_travels_by_value_and_arrives_bare(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")

    @acme.instrumented
    class Local:
        __module__ = "__main__"

        def start(self):
            return 7

    path = tmp_path / "pickled"
    path.write_bytes(cloudpickle.dumps((Local, Local().start)))
    script = (
        "import pickle, sys\n"
        "local, start = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(local().start(), start(), type(vars(local)['start']).__name__)"
    )

    said = subprocess.check_output([sys.executable, "-c", script, str(path)], text=True)

    assert "7 7 function\n" == said


BY_VALUE = """
import pickle, sys
import cloudpickle
from jina_tel import instrumented

@instrumented("start", "of", "bare")
class Local:
    def start(self):
        return 7

    @classmethod
    def of(cls):
        return cls()

    @staticmethod
    def bare():
        return 8

if __name__ == "__main__":
    pickled = cloudpickle.dumps((Local, Local.start, Local.of, Local.bare))
    open(sys.argv[1], "wb").write(pickled)
"""


def test_a_program_s_own_class_travels_by_value(tmp_path):
    pytest.importorskip("cloudpickle")
    program, path = tmp_path / "program.py", tmp_path / "pickled"
    program.write_text(BY_VALUE)
    script = (
        "import pickle, sys\n"
        "local, start, of, bare = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(local.of().start(), start(of()), local.bare(), bare())"
    )

    subprocess.check_call([sys.executable, str(program), str(path)], env=here())
    said = subprocess.check_output([sys.executable, "-c", script, str(path)], text=True)

    assert "7 7 8 8\n" == said


def test_the_mixin_is_pickled_by_its_name():
    """Else cloudpickle takes it by value with a program's own subclass, and all that is behind."""
    assert b"TelemetryMixin" in pickle.dumps(TelemetryMixin)
    assert pickle.loads(pickle.dumps(TelemetryMixin)) is TelemetryMixin


def test_a_copy_of_who_holds_the_telemetry_shares_it():
    class Host:
        telemetry = None

    host = Host()
    host.telemetry = acme
    flow = Flow(3)
    flow.start()

    assert copy.deepcopy(host).telemetry is acme
    assert copy.copy(host).telemetry is acme


def here():
    """Return an environment in which ours is found, and nothing is sent."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "JINA_TEL_ENDPOINT": "memory:"}


def test_bound_methods_are_equal_hash_and_are_held_weakly():
    class Signal(acme.Mixin):
        def start(self):
            return self

        @classmethod
        def make(cls):
            return cls

    signal = Signal()
    weak = weakref.WeakMethod(signal.start)

    assert signal.start == signal.start
    assert 1 == len({signal.start, signal.start})
    assert weak()() is signal
    assert ["Signal.start"] == taken()
    assert Signal is weakref.WeakMethod(signal.make)()()
    del signal
    assert weak() is None


def test_partial_and_thread_take_a_bound_method():
    done = []
    thread = threading.Thread(target=Flow(1).start)
    thread.start()
    thread.join()
    done.append(functools.partial(Flow(1).start, 90)())

    assert [Flow(1)] == done
    assert ["Flow.start"] * 2 == taken()
