"""No name of a user's own class leaves, in whichever way it got instrumented."""

from __future__ import annotations

import gc
import sys
import types
import weakref

import pytest
from recalled import product, taken

from jina_tel.calls import KINDS

LIBRARY = """
class Executor(acme.Mixin):
    def start(self):
        return "library"

    @classmethod
    def begin(cls):
        return cls

@acme.instrumented("start", "begin")
class Flow:
    def start(self):
        return "library"

    @classmethod
    def begin(cls):
        return cls

class Plain:
    def start(self):
        return "library"

class Gateway:
    @acme.instrumented
    def start(self):
        return "library"
"""


@pytest.fixture
def acme():
    taken()
    return product()


def module(name, source, **names):
    made = types.ModuleType(name)
    vars(made).update(names)
    exec(compile(source, f"{name}.py", "exec"), vars(made))
    return made


@pytest.fixture
def library(acme, monkeypatch):
    """Give the product's own module, ``acme_engine.parts``."""
    made = module("acme_engine.parts", LIBRARY, acme=acme)
    monkeypatch.setitem(sys.modules, "acme_engine.parts", made)
    acme.instrument("acme_engine.parts:Plain.start")
    return made


BASES = ["Executor", "Flow", "Plain", "Gateway"]


def subclass(base, name="AcmeFraudExecutor", of="fraud.parts", **body):
    return type(base)(name, (base,), {"__module__": of, **body})


@pytest.mark.parametrize("base", BASES)
def test_the_products_class_is_told_for_a_users(library, base):
    theirs = subclass(getattr(library, base))

    assert "library" == theirs().start()
    assert "library" == subclass(theirs)().start()
    assert [f"{base}.start"] * 2 == taken()


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("of", ["acme_engine.more.parts", "acme_engine"])
def test_the_products_own_subclass_is_told_by_its_name(library, monkeypatch, base, of):
    source = "class Ranker(base): pass\nclass Outer:\n class Inner(base): pass"
    own = module(of, source, base=getattr(library, base))
    monkeypatch.setitem(sys.modules, of, own)

    own.Ranker().start()
    own.Outer.Inner().start()

    assert ["Ranker.start", "Inner.start"] == taken()


@pytest.mark.parametrize("of", ["acme_engine_fraud", "acme", "__main__", "builtins", "", None, 5])
def test_no_other_modules_class_is_told(library, of):
    subclass(library.Executor, of=of)().start()

    assert ["Executor.start"] == taken()


NAMES = ["Größe", "名", "a" * 10_000, "A B", "x.y", "", "1x", 'q"', "n\nn"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("of", ["fraud", "acme_engine.parts"])
def test_a_name_that_is_no_short_word_is_never_told(library, name, of):
    vars(library)[name] = subclass(library.Executor, name, of)
    vars(library)[name]().start()
    vars(library)[name] = subclass(library.Flow, name, of, start=lambda self: 1)
    vars(library)[name]().start()

    assert ["Executor.start"] == taken()


@pytest.mark.parametrize("kind", [staticmethod, classmethod, lambda function: function])
@pytest.mark.parametrize("base", ["Executor"])
def test_a_users_own_start_is_told_as_the_products(library, base, kind):
    theirs = subclass(getattr(library, base), start=kind(lambda *given: "own"))

    assert "own" == theirs().start()
    assert [f"{base}.start"] == taken()


def test_a_users_class_that_the_decorator_or_a_patch_got_hold_of(acme, library, monkeypatch):
    theirs = acme.instrumented(subclass(library.Flow, start=lambda self: library.Flow.start(self)))
    other = subclass(library.Executor, start=lambda self: "own")
    monkeypatch.setattr(library, "Theirs", other, raising=False)
    acme.instrument("acme_engine.parts:Theirs.start")

    other().start()

    assert ["Executor.start"] == taken()
    assert theirs is not None


def test_a_class_method_tells_the_products_class(library):
    assert subclass(library.Flow).begin().__name__ == "AcmeFraudExecutor"
    assert ["Flow.start"] == taken()


def test_a_function_that_was_borrowed_tells_where_it_is_from(library):
    borrower = type("AcmeFraud", (), {"start": vars(library.Flow)["start"], "__module__": "fraud"})

    borrower().start()

    assert ["Flow.start"] == taken()


def test_another_products_class_is_not_told(acme, library):
    """A class of two products: to each, its own part of the line."""
    rival = product("rival")
    theirs = module(
        "rival_core",
        "class Plugin(rival.Mixin):\n def start(self): return super().start()",
        rival=rival,
    ).Plugin

    both = type(
        "Both", (theirs, library.Executor), {"__module__": "fraud", "start": lambda self: 1}
    )
    reverse = type(
        "Reverse", (library.Executor, theirs), {"__module__": "fraud", "start": lambda s: 1}
    )
    both().start()
    reverse().start()

    assert ["Executor.start"] * 2 == taken()
    assert ["Plugin.start"] * 2 == taken("rival")


def test_classes_are_forgotten_and_names_not_mixed_up(library):
    """A class's name is remembered by its id, which comes again."""
    theirs = subclass(library.Executor)
    theirs().start()
    gone = weakref.ref(theirs)
    del theirs
    gc.collect()
    told = []
    for number in range(3 * KINDS):
        kind = subclass(library.Executor, f"Own{number}", of="acme_engine.parts")
        setattr(library, kind.__name__, kind)
        kind().start()
        delattr(library, kind.__name__)
        told.append(f"Own{number}.start")

    assert gone() is None
    assert ["Executor.start", *told] == taken()
