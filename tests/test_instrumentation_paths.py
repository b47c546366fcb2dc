"""``instrument`` and ``uninstrument``: another package's classes, by path."""

from __future__ import annotations

import functools
import importlib
import sys
import textwrap
import threading

import pytest
from recalled import product, taken

ENGINE = """
class Base:
    def run(self):
        return "ran"

class Flow(Base):
    VERSION = 1

    def start(self):
        return "started"

    def __enter__(self):
        return self.start()

    class Inner:
        def start(self):
            return "inner"

class Other(Base):
    pass

def function():
    pass
"""


@pytest.fixture
def acme():
    taken()
    taken("rival")
    return product()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Write the module ``engine_<test>``; return its name, not imported."""
    name = f"engine_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(ENGINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def loaded(engine):
    return importlib.import_module(engine)


def test_now(acme, engine, loaded):
    acme.instrument(f"{engine}:Flow.start")

    assert "started" == loaded.Flow().start()
    assert ["Flow.start"] == taken()


def test_when_it_is_imported(acme, engine):
    acme.instrument(f"{engine}:Flow.start", verb="begin")
    acme.instrument(f"{engine}:Flow.Inner", name="Part")

    assert engine not in sys.modules
    loaded = importlib.import_module(engine)
    assert ("started", "inner") == (loaded.Flow().start(), loaded.Flow.Inner().start())
    assert ["Flow.begin", "Part.start"] == taken()


def test_a_class_by_what_its_body_defines_or_the_methods_named(acme, engine, loaded):
    acme.instrument(f"{engine}:Flow")
    acme.instrument(f"{engine}:Other", methods=["run"])

    loaded.Flow().__enter__()
    loaded.Flow().start()
    loaded.Other().run()
    loaded.Base().run()

    assert ["Flow.start", "Flow.start", "Other.start"] == taken()


def test_cancelled_before_it_is_imported(acme, engine):
    acme.instrument(f"{engine}:Flow.start")
    acme.uninstrument(f"{engine}:Flow.start")

    importlib.import_module(engine).Flow().start()

    assert [] == taken()


def test_cancelled_and_asked_for_again(acme, engine):
    for verb in ("first", "second"):
        acme.instrument(f"{engine}:Flow.start", verb=verb)
        if verb == "first":
            acme.uninstrument(f"{engine}:Flow.start")

    importlib.import_module(engine).Flow().start()

    assert ["Flow.second"] == taken()


@pytest.mark.parametrize("method", ["start", "__enter__"])
def test_the_very_same_object_is_put_back(acme, engine, loaded, method):
    original = loaded.Flow.__dict__[method]
    for _ in range(2):
        acme.instrument(f"{engine}:Flow.{method}")
        assert loaded.Flow.__dict__[method] is not original
        acme.uninstrument(f"{engine}:Flow.{method}")

    assert loaded.Flow.__dict__[method] is original
    loaded.Flow().__enter__()
    assert [] == taken()


def test_a_whole_class_is_put_back(acme, engine, loaded):
    before = dict(vars(loaded.Flow))

    acme.instrument(f"{engine}:Flow")
    acme.uninstrument(f"{engine}:Flow")

    assert before == dict(vars(loaded.Flow))


def test_an_inherited_method_is_taken_away_again(acme, engine, loaded):
    acme.instrument(f"{engine}:Flow.run")
    assert "ran" == loaded.Flow().run() == loaded.Other().run()
    assert ["Flow.start"] == taken()

    acme.uninstrument(f"{engine}:Flow.run")

    assert "run" not in vars(loaded.Flow)
    assert "ran" == loaded.Flow().run()
    assert [] == taken()


def test_twice_is_once(acme, engine, loaded):
    original = loaded.Flow.__dict__["start"]
    acme.instrument(f"{engine}:Flow.start")
    acme.instrument(f"{engine}:Flow.start")

    acme.uninstrument(f"{engine}:Flow.start")

    assert loaded.Flow.__dict__["start"] is original
    with pytest.raises(ValueError, match="not instrumented"):
        acme.uninstrument(f"{engine}:Flow.start")


def test_what_was_decorated_stays_decorated(acme, engine, loaded):
    acme.instrumented(loaded.Flow)
    decorated = dict(vars(loaded.Flow))
    acme.instrument(f"{engine}:Flow.start")
    acme.uninstrument(f"{engine}:Flow.start")

    loaded.Flow().start()

    assert decorated == dict(vars(loaded.Flow))
    assert ["Flow.start"] == taken()


def test_under_anothers_patch_it_stays_and_does_nothing(acme, engine, loaded):
    acme.instrument(f"{engine}:Flow.start")
    ours = loaded.Flow.start

    @functools.wraps(ours)
    def patched(self):
        return f"patched {ours(self)}"

    loaded.Flow.start = patched
    acme.uninstrument(f"{engine}:Flow.start")

    assert "patched started" == loaded.Flow().start()
    assert loaded.Flow.__dict__["start"] is patched
    assert [] == taken()

    acme.instrument(f"{engine}:Flow.start")
    assert "patched started" == loaded.Flow().start()
    assert ["Flow.start"] == taken()

    acme.uninstrument(f"{engine}:Flow.start")
    assert loaded.Flow.__dict__["start"] is patched


@pytest.mark.parametrize("method", ["start", "run"])
@pytest.mark.parametrize("order", [("acme", "rival"), ("rival", "acme")])
def test_two_products_on_one_method(acme, engine, loaded, method, order):
    products = {"acme": acme, "rival": product("rival")}
    before = dict(vars(loaded.Flow))
    path = f"{engine}:Flow.{method}"
    for one in products.values():
        one.instrument(path)

    getattr(loaded.Flow(), method)()
    assert (["Flow.start"], ["Flow.start"]) == (taken(), taken("rival"))

    products[order[0]].uninstrument(path)
    getattr(loaded.Flow(), method)()
    assert ([], ["Flow.start"]) == (taken(order[0]), taken(order[1]))

    products[order[1]].uninstrument(path)
    getattr(loaded.Flow(), method)()
    assert before == dict(vars(loaded.Flow))
    assert ([], []) == (taken(), taken("rival"))


WRONG = {
    "{}:Nowhere.start": "Nowhere",
    "{}:Flow.stop": "no such method",
    "{}:Flow.VERSION": "no such method",
    "{}:Flow.Inner.stop": "no such method",
    "{}:Flow.Middle.start": "Middle",
    "{}:Other": "no method",
    "{}:function": "no class",
    "{}:function.start": "there is no 'start'",
    "{}.sub:Flow.start": None,
}


@pytest.mark.parametrize("path", [path for path, why in WRONG.items() if why])
def test_a_wrong_path_is_an_error_where_the_module_is_loaded(acme, engine, loaded, path):
    before = dict(vars(loaded.Flow))

    with pytest.raises(ValueError, match=WRONG[path]):
        acme.instrument(path.format(engine))

    assert before == dict(vars(loaded.Flow))
    with pytest.raises(ValueError, match="not instrumented"):
        acme.uninstrument(path.format(engine))


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_path_is_told_where_the_module_comes_later(acme, engine, path, monkeypatch, capsys):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    acme.instrument(path.format(engine))

    loaded = importlib.import_module(engine)

    assert "started" == loaded.Flow().start()
    assert bool(WRONG[path]) == ("could not be instrumented" in capsys.readouterr().err)


@pytest.mark.parametrize(
    "path",
    ["", "engine", "engine:", ":Flow", "engine:Flow.", "engine.:F", "a b:C", "a:b:c", None, 5],
)
def test_what_is_no_path_is_an_error_at_once(acme, path):
    for act in (acme.instrument, acme.uninstrument):
        with pytest.raises(ValueError, match="path"):
            act(path)


def test_a_class_of_the_interpreters_own_is_an_error(acme):
    import collections  # noqa: F401 - loaded

    with pytest.raises(ValueError, match="cannot be instrumented"):
        acme.instrument("collections:deque.append")


def test_a_hook_that_can_never_be_reached_is_told(acme, engine, loaded, monkeypatch, capsys):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    loaded.Shadow = type("Shadow", (loaded.Flow, loaded.Other), {})
    loaded.Other.run = lambda self: "shadowed"
    loaded.Shadow2 = type("Shadow2", (loaded.Other, loaded.Flow), {})

    acme.instrument(f"{engine}:Flow.run")

    said = capsys.readouterr().err
    assert "Flow.run is never reached through Shadow2, which finds Other.run first" in said
    assert "Shadow," not in said


def test_a_path_that_waits_for_its_module_is_told(acme, monkeypatch, capsys):
    """Else nobody would find out that there is no such module."""
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")

    acme.instrument("no_such_module:Flow.start")

    assert "no_such_module:Flow.start waits for the import of no_such_module" in (
        capsys.readouterr().err
    )
    acme.uninstrument("no_such_module:Flow.start")


def test_a_module_that_another_thread_is_importing(acme, tmp_path, monkeypatch):
    """It stands in ``sys.modules`` half made, and is waited for."""
    gate = threading.Event()
    begun = threading.Event()
    monkeypatch.setitem(
        sys.modules, "engine_gate", type("gate", (), {"gate": gate, "begun": begun})
    )
    (tmp_path / "engine_slow.py").write_text(
        textwrap.dedent("""
            from engine_gate import gate, begun
            begun.set()
            gate.wait(30)
            class Flow:
                def start(self): pass
        """)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importing = threading.Thread(target=importlib.import_module, args=("engine_slow",))
    importing.start()
    assert begun.wait(30)
    asking = threading.Thread(target=acme.instrument, args=("engine_slow:Flow.start",))
    asking.start()
    gate.set()
    asking.join()
    importing.join()

    sys.modules.pop("engine_slow").Flow().start()

    assert ["Flow.start"] == taken()
