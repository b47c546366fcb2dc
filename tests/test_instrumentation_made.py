"""Classes that a product makes while it runs: their names may be a user's, and do not leave."""

from __future__ import annotations

import importlib
import sys

import pytest
from recalled import product, taken
from support import run

LIBRARY = """
import dataclasses, functools, attr
from made_library import acme

class Executor(acme.Mixin):
    def start(self):
        return "library"

    def __class_getitem__(cls, key):
        return type(f"{cls.__name__}_{key}", (cls,), {})

def by_type(name):
    return type(name, (Executor,), {})

def by_type_with_methods(name):
    def start(self):
        return "library"
    start.__qualname__ = f"{name}.start"
    return type(name, (Executor,), {"start": start, "stop": lambda self: None})

def by_item(name):
    return Executor[name]

def by_decorator(name):
    return acme.instrumented(type(name, (Executor,), {"start": lambda self: "library"}))

def by_dataclass(name):
    return dataclasses.make_dataclass(
        name, [("x", int, 0)], bases=(Executor,), namespace={"__module__": __name__}
    )

def by_attrs(name):
    kind = attr.make_class(name, {"x": attr.ib(default=0)}, bases=(Executor,))
    kind.__module__ = __name__
    return kind

def renamed(name):
    class Renamed(Executor):
        def start(self):
            return "library"
    Renamed.__name__ = name
    return Renamed

def renamed_as_a_whole(name):
    class Renamed(Executor):
        def start(self):
            return "library"
    Renamed.__name__ = name
    Renamed.__qualname__ = f"main.<locals>.{name}"
    return Renamed

def by_text(name):
    space = {}
    exec(f"class {name}(Executor):\\n def start(self): return 'library'", globals(), space)
    return space[name]

def copied(name):
    return type(name, (Executor,), {"start": vars(SECRET)["start"]})

class Empty(Executor):
    pass

def by_decorator_from_a_foreign_base(text):
    class Foreign:
        def start(self):
            return "library"
    Foreign.__module__ = "elsewhere"
    return acme.instrumented("start")(type(text, (Foreign,), {}))

class Über(acme.Mixin):
    def start(self):
        return "library"

def local():
    class Ranker(Executor):
        def start(self):
            return "library"
    return Ranker

def local_layered():
    def layer(function):
        @functools.wraps(function)
        def inner(self):
            return function(self)
        return inner

    class Ranker(Executor):
        @layer
        def start(self):
            return "library"
    return Ranker

def local_dataclass():
    @dataclasses.dataclass
    class Ranker(Executor):
        x: int = 0
        def start(self):
            return "library"
    return Ranker

def local_attrs():
    @attr.s(slots=True, auto_attribs=True)
    class Ranker(Executor):
        x: int = 0
        def start(self):
            return "library"
    return Ranker

def local_with_a_class_method():
    class Ranker(Executor):
        @classmethod
        def of(cls):
            return cls()
    return Ranker

def local_and_empty():
    class Ranker(Executor):
        pass
    return Ranker

def local_without_a_base_that_may_be_named():
    class Foreign:
        def start(self):
            return "library"
    Foreign.__module__ = "elsewhere"

    @acme.instrumented("start")
    class Ranker(Foreign):
        pass
    return Ranker

def public_elsewhere():
    class Ranker(Executor):
        def start(self):
            return "library"
    Ranker.__module__ = "made_library"
    return Ranker
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Import the product's package, ``made_library.parts``."""
    folder = tmp_path_factory.mktemp("library")
    package = folder / "made_library"
    package.mkdir()
    (package / "__init__.py").write_text("from recalled import product\nacme = product()\n")
    (package / "parts.py").write_text(LIBRARY, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        loaded = importlib.import_module("made_library.parts")
        loaded.SECRET = Secret
        yield loaded
    finally:
        sys.path.remove(str(folder))
        for name in ("made_library.parts", "made_library"):
            sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def forgotten():
    taken()


class Secret:
    """A user's class, whose body a product may copy."""

    def start(self):
        return "library"


MAKERS = [name[4:].partition("(")[0] for name in LIBRARY.splitlines() if name.startswith("def ")]
OF_TEXT = [name for name in MAKERS if f"def {name}(name)" in LIBRARY]
WRITTEN = [name for name in MAKERS if f"def {name}()" in LIBRARY]


@pytest.mark.parametrize("maker", OF_TEXT)
def test_a_name_that_was_made_of_a_text_does_not_leave(library, maker):
    made = getattr(library, maker)("Secret")

    assert made.__name__ in ("Secret", "Executor_Secret")
    assert made.__module__ == library.__name__
    assert "library" == made().start()
    assert ["Executor.start"] == taken()


def test_nor_that_of_a_user_s_class_below(library):
    made = type("Fraud", (library.by_type("Secret"),), {"__module__": "fraud"})

    assert "library" == made().start()
    assert ["Executor.start"] == taken()


@pytest.mark.parametrize("maker", WRITTEN)
def test_a_name_that_was_written_leaves(library, maker):
    made = getattr(library, maker)()

    assert "library" == made().start()
    expected = "Executor" if maker == "local_and_empty" else "Ranker"
    assert [f"{expected}.start"] == taken()


def test_where_the_product_s_name_is_no_word_no_user_s_stands_in(library):
    class Fraud(library.Über):
        def start(self):
            return "own"

    assert "own" == Fraud().start()
    assert "library" == library.Über().start()
    assert [] == taken()


def test_a_class_of_a_reloaded_module_keeps_its_name(library):
    kinds = library.Executor, library.Empty
    importlib.reload(library)

    assert library.Executor not in kinds
    assert ["library"] * 3 == [kind().start() for kind in (*kinds, library.Executor)]
    assert ["Executor.start", "Empty.start", "Executor.start"] == taken()


def test_where_nothing_was_written_nothing_leaves(library):
    assert "library" == library.by_decorator_from_a_foreign_base("Secret")().start()
    assert [] == taken()


def test_no_code_of_the_host_s_runs_to_tell():
    """A class holds lazy objects, which any question but their type wakes."""

    class Lazy:
        def __getattribute__(self, name):
            raise AssertionError(name)

    acme = product()

    class Base:
        lazy = Lazy()

        def start(self):
            return 1

    ours = type("Sub", (Base,), {"lazy": Lazy(), "stop": Lazy(), "__module__": __name__})
    acme.instrumented(Base)

    assert (1, 1) == (Base().start(), ours().start())
    assert ["Base.start"] * 2 == taken()


def test_a_program_on_the_command_line_is_written_too():
    said = run(
        """
        import jina_tel
        from jina_tel.transports.memory import EVENTS
        jina_tel.configure(endpoint="memory:")

        @jina_tel.instrumented
        class Flow:
            @staticmethod
            def start(): pass

        def local():
            class Worker(jina_tel.TelemetryMixin):
                def start(self): pass
            return Worker

        Flow.start()
        local()().start()
        print([event["payload"]["event"] for event in EVENTS])
        """,
        DO_NOT_TRACK=None,
    )

    assert "['Flow.start', 'Worker.start']\n" == said
